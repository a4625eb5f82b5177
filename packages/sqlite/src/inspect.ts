import type { DatabaseSync } from 'node:sqlite'
import type { DeliveryState, InboxStats } from '@luma-callback/core'
import { keyHash } from '@luma-callback/core/inbox'
import { LATE } from '@luma-callback/core/internal'
import { STATE } from './schema.ts'

export interface WorkRow {
  id: number
  key: string
  task_id: string
  outcome: 'success' | 'failure'
  raw: string
  query: string
  received_at: number
  state: number
  at: number
  attempts: number
  crashes: number
  started_at: number | null
  last_error: string | null
  failure_code: string | null
}

/** Where a page begins: behind this row in the order of `at`, then of `id`. */
export interface Position {
  at: number
  id: number
}

/** Looking into the file from outside, and what is done from there. */
export interface Inspection {
  list(state: DeliveryState | undefined, after: Position | undefined, limit: number): WorkRow[]
  get(key: string): WorkRow | undefined
  /** Requeues one, or up to `most`, the longest dead first; how much that was. */
  requeue(key: string | undefined, now: number, most: number): number
  stats(): InboxStats
  /** Removes up to `most` of what is done beyond the latest `keep`; how much that was. */
  purge(keep: number, most: number): number
}

const BEFORE_ALL: Position = { at: -1, id: -1 }
const BEHIND_ALL: Position = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }

export function createInspection(db: DatabaseSync, begin: () => void): Inspection {
  const columns = `SELECT id, key, task_id, outcome, raw, query, received_at, state, at, attempts, crashes, started_at, last_error, failure_code FROM work`
  const soonest = db.prepare(`${columns} WHERE state = ? AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?`)
  const latest = db.prepare(`${columns} WHERE state = ? AND (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?`)
  const all = db.prepare(`${columns} WHERE id < ? ORDER BY id DESC LIMIT ?`)
  const one = db.prepare(`${columns} WHERE id = (SELECT id FROM seen WHERE hash = ?)`)
  const revive = `UPDATE work SET state = ${STATE.pending}, at = ?, attempts = 0, crashes = 0 WHERE state = ${STATE.dead}`
  const requeueOne = db.prepare(`${revive} AND id = (SELECT id FROM seen WHERE hash = ?)`)
  const requeueSome = db.prepare(
    `${revive} AND id IN (SELECT id FROM work WHERE state = ${STATE.dead} ORDER BY at LIMIT ? + 0)`,
  )
  const counts = db.prepare('SELECT state, count(*) AS count FROM work GROUP BY state')
  // Counting ten million rows would hold up callbacks; the ids have hardly any gaps.
  const seen = db.prepare('SELECT coalesce(max(id) - min(id) + 1, 0) AS count FROM seen')
  const surplus = db.prepare(
    `SELECT id, at FROM work WHERE state = ${STATE.done} ORDER BY at DESC, id DESC LIMIT ? + 0 OFFSET ?`,
  )
  const drop = db.prepare('DELETE FROM work WHERE id = ?')
  const date = db.prepare('UPDATE seen SET since = ? WHERE id = ? AND since < ?')

  return {
    list(state, after, limit) {
      let rows: unknown[]
      if (state === undefined) {
        rows = all.all((after ?? BEHIND_ALL).id, limit)
      } else if (state === 'pending' || state === 'running') {
        const { at, id } = after ?? BEFORE_ALL
        rows = soonest.all(STATE[state], at, id, limit)
      } else {
        const { at, id } = after ?? BEHIND_ALL
        rows = latest.all(STATE[state], at, id, limit)
      }
      return rows as WorkRow[]
    },
    get: (key) => one.get(keyHash(key)) as WorkRow | undefined,
    requeue(key, now, most) {
      begin()
      const { changes } = key === undefined ? requeueSome.run(now, most) : requeueOne.run(now, keyHash(key))
      return Number(changes)
    },
    stats() {
      const rows = counts.all() as { state: number; count: number }[]
      const countOf = (state: DeliveryState): number => rows.find((row) => row.state === STATE[state])?.count ?? 0
      return {
        pending: countOf('pending'),
        running: countOf('running'),
        done: countOf('done'),
        dead: countOf('dead'),
        seen: Number(seen.get()?.['count']),
      }
    },
    purge(keep, most) {
      const rows = surplus.all(most, keep) as { id: number; at: number }[]
      if (rows.length > 0) begin()
      for (const { id, at } of rows) {
        drop.run(id)
        // Of what was done late, the retention counts from then, and nothing else would know.
        date.run(at, id, at - LATE)
      }
      return rows.length
    },
  }
}
