import type { DatabaseSync } from 'node:sqlite'
import type { Recorded } from '@luma-callback/core'
import { keyHash } from '@luma-callback/core/inbox'
import { STATE } from './schema.ts'

/** A callback on its way into the file. */
export interface NewCallback {
  key: string
  /** SHA-256 in hex. */
  digest: string
  taskId: string
  outcome: string
  raw: string
  /** JSON. */
  query: string
  /** Milliseconds since the epoch, as all times here. */
  receivedAt: number
}

export interface Records {
  /** Takes a callback in, unless its key was seen since `forgetBefore`. */
  record(callback: NewCallback, forgetBefore: number): Recorded
  /** Forgets up to `most` of the keys that were seen before this time; `most` if there may be more. */
  forget(before: number, most: number): number
}

/** `begin` opens the transaction for what is written. */
export function createRecords(db: DatabaseSync, begin: () => void): Records {
  const remember = db.prepare('INSERT INTO seen (hash, digest, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const find = db.prepare('SELECT id, digest, since FROM seen WHERE hash = ?')
  const kept = db.prepare(`SELECT 1 FROM work WHERE id = ? AND (state <> ${STATE.done} OR at >= ?)`)
  const insert = db.prepare(
    `INSERT INTO work (id, key, task_id, outcome, raw, query, received_at, state, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ${STATE.pending}, ?)`,
  )
  const oldest = db.prepare('SELECT id, since FROM seen WHERE id > ? ORDER BY id LIMIT ?')
  const drop = db.prepare('DELETE FROM seen WHERE id = ?')
  const dropWork = db.prepare(`DELETE FROM work WHERE id = ?`)
  let lookedAt = 0

  function forgetOne(id: number): void {
    dropWork.run(id)
    drop.run(id)
  }

  /** What is not done is never forgotten, however old; nor is what was done only lately. */
  function isKept(id: number, before: number): boolean {
    return kept.get(id, before) !== undefined
  }

  return {
    record(callback, forgetBefore) {
      begin()
      const { key, digest, taskId, outcome, raw, query, receivedAt } = callback
      const hash = keyHash(key)
      const contentDigest = Buffer.from(digest, 'hex')
      let added = remember.run(hash, contentDigest, receivedAt)
      if (added.changes === 0) {
        const first = find.get(hash) as { id: number; digest: Uint8Array; since: number }
        if (first.since >= forgetBefore || isKept(first.id, forgetBefore)) {
          return contentDigest.equals(first.digest) ? 'duplicate' : 'conflict'
        }
        forgetOne(first.id)
        added = remember.run(hash, contentDigest, receivedAt)
      }
      insert.run(added.lastInsertRowid, JSON.stringify(key), taskId, outcome, raw, query, receivedAt, receivedAt)
      return 'recorded'
    },
    forget(before, most) {
      const rows = oldest.all(lookedAt, most) as { id: number; since: number }[]
      const old = rows.filter(({ since }) => since < before)
      if (old.length > 0) begin()
      for (const { id } of old) if (!isKept(id, before)) forgetOne(id)
      // Behind a step with nothing old there is hardly anything old.
      const mayBeMore = old.length > 0 && rows.length === most
      lookedAt = mayBeMore ? (rows.at(-1)?.id ?? 0) : 0
      return mayBeMore ? most : old.length
    },
  }
}
