import type { DatabaseSync } from 'node:sqlite'
import type { Owners } from './owners.ts'
import { STATE } from './schema.ts'

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
  failure: string | null
}

export interface Jobs {
  take(count: number, now: number, leaseEnd: number): TakenRow[]
  renew(id: number, takes: number, leaseEnd: number): boolean
  end(id: number, takes: number, ending: Ending): boolean
  /** Makes what dead processes and ended leases left behind due again; how much that was. */
  recover(now: number): number
}

/** `begin` opens the transaction for what is written; looking alone needs none, and locks nobody out. */
export function createJobs(db: DatabaseSync, owners: Owners, begin: () => void): Jobs {
  const due = db.prepare(`SELECT 1 FROM work WHERE state = ${STATE.pending} AND at <= ? LIMIT 1`)
  const lease = db.prepare(
    `UPDATE work SET state = ${STATE.running}, at = ?, owner = ?, started_at = ?, takes = takes + 1, attempts = attempts + 1
     WHERE id IN (SELECT id FROM work WHERE state = ${STATE.pending} AND at <= ? ORDER BY at, id LIMIT ?)
     RETURNING id, takes, key, raw, query, received_at, attempts, crashes, is_recovered`,
  )
  const renew = db.prepare(`UPDATE work SET at = ? WHERE id = ? AND takes = ? AND state = ${STATE.running}`)
  const end = db.prepare(
    `UPDATE work SET state = ?, at = ?, owner = NULL, attempts = attempts - ?, is_recovered = 0, last_error = coalesce(?, last_error)
     WHERE id = ? AND takes = ? AND state = ${STATE.running}`,
  )
  const expired = db.prepare(`SELECT 1 FROM work WHERE state = ${STATE.running} AND at <= ? LIMIT 1`)
  // Due since its receipt: what was cut off goes ahead of what came later.
  const cutOff = `UPDATE work SET state = ${STATE.pending}, at = received_at, owner = NULL,
     attempts = attempts - 1, crashes = crashes + 1, is_recovered = 1 WHERE state = ${STATE.running}`
  const recoverExpired = db.prepare(`${cutOff} AND at <= ?`)
  const recoverOwned = db.prepare(`${cutOff} AND owner = ?`)

  return {
    take(count, now, leaseEnd) {
      if (!due.get(now)) return []
      begin()
      const rows = lease.all(leaseEnd, owners.own(), now, now, count) as unknown as TakenRow[]
      return rows.toSorted((a, b) => a.received_at - b.received_at || a.id - b.id)
    },
    renew(id, takes, leaseEnd) {
      begin()
      return renew.run(leaseEnd, id, takes).changes === 1
    },
    end(id, takes, { state, at, uncounted, failure }) {
      begin()
      return end.run(STATE[state], at, uncounted, failure, id, takes).changes === 1
    },
    recover(now) {
      const dead = owners.dead()
      if (dead.length === 0 && !expired.get(now)) return 0
      begin()
      let count = Number(recoverExpired.run(now).changes)
      for (const owner of dead) {
        count += Number(recoverOwned.run(owner).changes)
        owners.remove(owner)
      }
      return count
    },
  }
}
