import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { JobFailure } from '@luma-callback/core/inbox'
import { SUSPECT } from '@luma-callback/core/internal'
import type { Owners } from './owners.ts'
import { STATE } from './schema.ts'
import { uptime } from './uptime.ts'

/** A row of work that was leased; `takes` tells this lease from every other one of the row. */
export interface TakenRow {
  id: number
  takes: number
  key: string
  raw: string
  query: string
  received_at: number
  attempts: number
  crashes: number
  is_recovered: number
}

/** How a run ended. */
export interface Ending {
  state: 'pending' | 'done' | 'dead'
  at: number
  /** Taken off the count of attempts: 1 for a run that was cut off. */
  uncounted: 0 | 1
  /** Null leaves what was kept of an earlier run. */
  failure: JobFailure | null
}

export interface Jobs {
  /** `lease` in milliseconds, here and below. */
  take(count: number, now: number, lease: number): TakenRow[]
  renew(id: number, takes: number, lease: number): boolean
  end(id: number, takes: number, ending: Ending): boolean
}

/** `begin` opens the transaction for what is written; looking alone needs none, and locks nobody out. */
export function createJobs(db: DatabaseSync, owners: Owners, begin: () => void): Jobs {
  const due = db.prepare(`SELECT 1 FROM work WHERE state = ${STATE.pending} AND at <= ? LIMIT 1`)
  // "+ 0": at a bare parameter behind LIMIT, SQLite compiles the statement anew for each value; measured as a
  // quarter of what taking a job costs.
  const lease = (which: string): StatementSync =>
    db.prepare(
      `UPDATE work SET state = ${STATE.running}, at = ?, owner = ?, is_overdue = 0, started_at = ?, takes = takes + 1, attempts = attempts + 1
       WHERE id IN (SELECT id FROM work WHERE state = ${STATE.pending} AND at <= ? AND ${which} ORDER BY at, id LIMIT ? + 0)
       RETURNING id, takes, key, raw, query, received_at, attempts, crashes, is_recovered`,
    )
  const leaseSome = lease(`crashes < ${SUSPECT}`)
  const leaseSuspect = lease(
    `crashes >= ${SUSPECT} AND NOT EXISTS (SELECT 1 FROM work WHERE state = ${STATE.running} AND crashes >= ${SUSPECT})`,
  )
  const renew = db.prepare(
    `UPDATE work SET at = ?, is_overdue = 0 WHERE id = ? AND takes = ? AND state = ${STATE.running}`,
  )
  const end = db.prepare(
    `UPDATE work SET state = ?, at = ?, owner = NULL, attempts = attempts - ?, is_recovered = 0,
       failure_code = CASE WHEN ? THEN ? ELSE failure_code END, last_error = coalesce(?, last_error)
     WHERE id = ? AND takes = ? AND state = ${STATE.running}`,
  )

  return {
    take(count, now, leaseTime) {
      if (!due.get(now)) return []
      begin()
      const until = uptime() + leaseTime
      // Before the others, or a steady backlog of them would keep it waiting for ever.
      const suspects = leaseSuspect.all(until, owners.own(), now, now, 1) as unknown as TakenRow[]
      const others = leaseSome.all(until, owners.own(), now, now, count - suspects.length) as unknown as TakenRow[]
      const rows = [...suspects, ...others]
      return rows.toSorted((a, b) => a.id - b.id)
    },
    renew(id, takes, leaseTime) {
      begin()
      return renew.run(uptime() + leaseTime, id, takes).changes === 1
    },
    end(id, takes, { state, at, uncounted, failure }) {
      begin()
      const { text = null, code = null } = failure ?? {}
      const hasFailed = failure ? 1 : 0
      return end.run(STATE[state], at, uncounted, hasFailed, code, text, id, takes).changes === 1
    },
  }
}
