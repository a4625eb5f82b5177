import type { DeliveryState } from '@luma-callback/core'
import type { InboxEngine } from '@luma-callback/core/inbox'
import { idOf, QUEUE } from './callback-job.ts'
import type { Database, Query } from './database.ts'
import { microsOf } from './statement.ts'
import { requeueDead } from './undocumented.ts'
import { PAGES, stateOf, toEntry, toPosition, type JobRow } from './entries.ts'

/** Looking into the tables from outside, and what is done from there. */
export type Inspection = Pick<InboxEngine, 'list' | 'get' | 'requeue' | 'stats'>

/** From so many remembered keys on, Postgres's own estimate of their number will do. */
const COUNTED = 100_000

/** The columns of a row that are times. */
const TIMES = ['start_after', 'started_on', 'completed_on', 'created_on'] as const

export function createInspection(database: Database, schema: string): Inspection {
  // Times as numbers: their text depends on the session's DateStyle.
  const times = TIMES.map((time) => `(extract(epoch FROM ${time}) * 1000)::float8 AS ${time}`).join(', ')
  const columns = `SELECT id, data, state, retry_count, ${times}`

  /** Reading must not create the tables that it reads. */
  async function isThere(): Promise<boolean> {
    const { rows } = await database.query(`SELECT to_regclass($1) AS seen`, [`${schema}.seen`])
    return rows[0]?.['seen'] !== null
  }

  async function countSeen(query: Query): Promise<number> {
    const { rows } = await query(`SELECT reltuples::bigint AS estimate FROM pg_class WHERE oid = to_regclass($1)`, [
      `${schema}.seen`,
    ])
    const estimate = Number(rows[0]?.['estimate'] ?? 0)
    if (estimate > COUNTED) return estimate
    const counted = await query(`SELECT count(*) AS count FROM ${schema}.seen`)
    return Number(counted.rows[0]?.['count'])
  }

  return {
    async list({ state, cursor, limit }) {
      const { where, time, direction } = PAGES[state ?? 'all']
      const position = cursor === undefined ? undefined : toPosition(cursor)
      if (!(await isThere())) return { entries: [], cursor: undefined }
      // Microseconds, as Postgres counts: in milliseconds two rows could not be told apart.
      const micros = microsOf(time)
      const compare = direction === 'ASC' ? '>' : '<'
      const behind = position ? `AND (${micros}, id) ${compare} ($2::bigint, $3::uuid)` : ''
      const { rows } = await database.query(
        `${columns}, ${micros} AS micros FROM ${schema}.job WHERE name = $1 AND ${where} ${behind}
         ORDER BY ${micros} ${direction}, id ${direction} LIMIT ${limit + 1}`,
        position ? [QUEUE, position.micros, position.id] : [QUEUE],
      )
      const shown = rows.slice(0, limit).map(toRow)
      const last = shown.at(-1)
      return {
        entries: shown.map(toEntry).filter((entry) => entry !== undefined),
        cursor: last && rows.length > limit ? `${last.micros}.${last.id}` : undefined,
      }
    },
    async get(key) {
      if (!(await isThere())) return undefined
      const { rows } = await database.query(`${columns} FROM ${schema}.job WHERE name = $1 AND id = $2`, [
        QUEUE,
        idOf(key),
      ])
      return rows[0] && toEntry(toRow(rows[0]))
    },
    async requeue({ key, most }) {
      if (!(await isThere())) return 0
      const which = `${PAGES.dead.where} ${key === undefined ? '' : 'AND id = $3'}`
      const dead = `SELECT id FROM ${schema}.job WHERE name = $1 AND ${which} ORDER BY completed_on LIMIT $2 FOR UPDATE`
      const { rows } = await database.query(
        requeueDead(schema, dead),
        key === undefined ? [QUEUE, most] : [QUEUE, most, idOf(key)],
      )
      return Number(rows[0]?.['count'])
    },
    async stats() {
      const counts = { pending: 0, running: 0, done: 0, dead: 0 } satisfies Record<DeliveryState, number>
      if (!(await isThere())) return { ...counts, seen: 0 }
      const { rows } = await database.query(
        `SELECT state, count(*) AS count FROM ${schema}.job WHERE name = $1 GROUP BY state`,
        [QUEUE],
      )
      for (const { state, count } of rows) counts[stateOf(state as string)] += Number(count)
      return { ...counts, seen: await countSeen(database.query) }
    },
  }
}

function toRow(row: Record<string, unknown>): JobRow {
  const dates = TIMES.map((time) => [time, row[time] === null ? null : new Date(row[time] as number)])
  return { ...row, ...Object.fromEntries(dates) } as JobRow
}
