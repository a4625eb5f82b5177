import type { DatabaseSync } from 'node:sqlite'
import { LONGEST_TIMER } from '@luma-callback/core/internal'
import type { Owners } from './owners.ts'
import { STATE } from './schema.ts'
import { uptime } from './uptime.ts'

/** Milliseconds, all of them. */
export interface RecoverOptions {
  now: number
  /** The longest that a retry of this process waits. */
  maxDelay: number
  lease: number
}

export interface Recovered {
  /** How much is due again. */
  count: number
  /** What kept it from telling whether some owner lives. */
  problem: string | undefined
}

export interface Recovery {
  /**
   * Makes due again what dead processes and ended leases of others left behind, and what waits for a time that only a
   * clock that was set back can have brought about.
   */
  recover(options: RecoverOptions): Recovered
}

/** `begin` opens the transaction for what is written; looking alone needs none, and locks nobody out. */
export function createRecovery(db: DatabaseSync, owners: Owners, begin: () => void): Recovery {
  // What this process runs is its own to know. Later than any lease ends, one of another start of the machine does.
  // Each "?" is a parameter of its own: Node 22.13 cannot bind a "?1" that stands twice.
  const others = `state = ${STATE.running} AND (at <= ? OR at > ? + ${LONGEST_TIMER}) AND owner <> ?`
  const expired = db.prepare(`SELECT 1 FROM work WHERE ${others} LIMIT 1`)
  // Due since its receipt: what was cut off goes ahead of what came later.
  const cutOff = `UPDATE work SET state = ${STATE.pending}, at = received_at, owner = NULL, is_overdue = 0,
     attempts = attempts - 1, crashes = crashes + 1, is_recovered = 1`
  const recoverOverdue = db.prepare(`${cutOff} WHERE ${others} AND is_overdue = 1`)
  const extend = db.prepare(`UPDATE work SET at = ?, is_overdue = 1 WHERE ${others} AND is_overdue = 0`)
  const recoverOwned = db.prepare(`${cutOff} WHERE state = ${STATE.running} AND owner = ?`)
  const waiting = `state = ${STATE.pending} AND at > ?`
  const postponed = db.prepare(`SELECT 1 FROM work WHERE ${waiting} LIMIT 1`)
  const hasten = db.prepare(`UPDATE work SET at = CASE attempts WHEN 0 THEN ? ELSE ? END WHERE ${waiting}`)

  /**
   * The first look at an ended lease gives its holder another one: it may be that nobody could write, the disk full or
   * the file locked, and its run is done and waits to be written down. Being written itself, that shows it can be.
   */
  function recoverLeases(lease: number): number {
    const now = uptime()
    const own = owners.own()
    if (!expired.get(now, now, own)) return 0
    begin()
    const { changes } = recoverOverdue.run(now, now, own)
    extend.run(now + lease, now, now, own)
    return Number(changes)
  }

  function recoverDead(dead: readonly number[]): number {
    if (dead.length > 0) begin()
    let count = 0
    for (const owner of dead) {
      count += Number(recoverOwned.run(owner).changes)
      owners.remove(owner)
    }
    return count
  }

  /**
   * What waits longer than any retry of this process does was postponed by a clock that was set back since, or by another
   * process with a longer `maxDelay`. A first run is due at once; a retry is not, for that would use up its attempts.
   */
  function hastenPostponed(now: number, maxDelay: number): number {
    const most = now + maxDelay
    if (!postponed.get(most)) return 0
    begin()
    return Number(hasten.run(now, most, most).changes)
  }

  return {
    recover({ now, maxDelay, lease }) {
      owners.keep()
      const { dead, problem } = owners.look()
      return { count: recoverLeases(lease) + recoverDead(dead) + hastenPostponed(now, maxDelay), problem }
    },
  }
}
