import type { InboxEngine } from '@luma-callback/core/inbox'
import type { PgBoss } from 'pg-boss'
import { QUEUE } from './callback-job.ts'
import type { Database } from './database.ts'
import type { PostgresJob } from './job-store.ts'
import { atMicros, microsOf } from './statement.ts'
import { claimAbandoned } from './undocumented.ts'

/** Jobs that one look puts back. */
const RECOVERED_AT_ONCE = 500

export interface UpkeepOptions {
  boss: PgBoss
  database: Database
  schema: string
  /** Milliseconds. */
  lease: number
  /** Milliseconds that a key is remembered after its callback was done. */
  retention: () => number
}

type Upkeep = Pick<InboxEngine<PostgresJob>, 'recover' | 'purge' | 'forget'>

/**
 * What has to be done from time to time. pg-boss would fail a job whose heartbeat has stopped, but takes no less than 10 s for
 * that, looks once a minute, and knows nothing of holders that need time after an outage. So no job asks it to: those are
 * looked for here, by the time of their latest `touch`, and failed by pg-boss.
 */
export function createUpkeep({ boss, database, schema, lease, retention }: UpkeepOptions): Upkeep {
  /** Where those that a sweep keeps end: finding it reads all of them, so it is done once for the steps of one sweep. */
  let kept: unknown

  return {
    recover(held) {
      const ours = held.map(({ id, retryCount }) => `${id}:${retryCount}`)
      return database.transaction(async (query) => {
        const { rows } = await query(claimAbandoned(schema, RECOVERED_AT_ONCE), [QUEUE, ours, lease])
        const jobs = rows as { id: string; retryCount: number }[]
        const output = { message: 'its process ended or hung' }
        if (jobs.length > 0) await boss.fail(QUEUE, jobs, output, { db: { executeSql: query } })
        return jobs.length
      })
    },
    async purge({ keep, most }) {
      const end = (keep > 0 && kept) || (await endOfKept(database, schema, keep))
      kept = undefined
      if (end === undefined) return 0
      const { rows } = await database.query(
        `SELECT id FROM ${schema}.job WHERE name = $1 AND state = 'completed' AND completed_on <= ${atMicros('$2')}
         ORDER BY completed_on LIMIT $3`,
        [QUEUE, end, most],
      )
      const ids = rows.map(({ id }) => id as string)
      if (ids.length > 0) await boss.deleteJob(QUEUE, ids)
      if (keep > 0 && ids.length === most) kept = end
      return ids.length
    },
    /** Keys whose retention is over, by Postgres's clock, with what is left of their callbacks; never of one that is not done. */
    forget({ most }) {
      return database.transaction(async (query) => {
        const { rows } = await query(
          `DELETE FROM ${schema}.seen WHERE id IN (
             SELECT id FROM ${schema}.seen AS old WHERE since < now() - $2::float8 * interval '1 ms' AND NOT EXISTS (
               SELECT 1 FROM ${schema}.job WHERE name = $1 AND job.id = old.id
               AND (state <> 'completed' OR completed_on > now() - $2::float8 * interval '1 ms'))
             ORDER BY since LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING id`,
          [QUEUE, retention(), most],
        )
        const ids = rows.map(({ id }) => id as string)
        if (ids.length > 0) await boss.deleteJob(QUEUE, ids, { db: { executeSql: query } })
        return ids.length
      })
    },
  }
}

/** When the latest `keep` that are done had not been done yet; undefined if there are no more than those. */
async function endOfKept(database: Database, schema: string, keep: number): Promise<unknown> {
  const { rows } = await database.query(
    `SELECT ${microsOf('completed_on')} AS until FROM ${schema}.job WHERE name = $1 AND state = 'completed'
     ORDER BY completed_on DESC OFFSET $2 LIMIT 1`,
    [QUEUE, keep],
  )
  return rows[0]?.['until']
}
