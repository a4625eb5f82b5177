import { randomUUID } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createPrivately } from './files.ts'
import { STATE } from './schema.ts'

/** Who works on a file, and which of them are gone. */
export interface Owners {
  /** This connection's number; 0 as long as it has not registered. */
  own(): number
  /** Makes this connection an owner, of which others can tell whether it lives. */
  register(): void
  /** The numbers of the others whose process is gone. */
  dead(): number[]
  /** Strikes one out, once nothing is its own any more. */
  remove(id: number): void
  /** Stops being an owner. */
  close(): void
}

/**
 * An owner holds a lock on a small file of its own beside the database for as long as it lives. The operating
 * system lets go of it the moment the process is gone, however that came about, and whoever can open the database
 * can tell; across containers too, where process ids mean nothing. SQLite knows how to lock on every platform.
 */
export function createOwners(db: DatabaseSync, file: string): Owners {
  const insert = db.prepare('INSERT INTO owners (lock) VALUES (?) ON CONFLICT DO UPDATE SET lock = lock RETURNING id')
  const select = db.prepare('SELECT id, lock FROM owners WHERE id <> ?')
  const remove = db.prepare('DELETE FROM owners WHERE id = ? RETURNING lock')
  const isBusy = db.prepare(`SELECT 1 FROM work WHERE state = ${STATE.running} AND owner = ? LIMIT 1`)
  const lock = randomUUID()
  let id = 0
  let held: DatabaseSync | undefined

  const pathOf = (name: string): string => `${file}-owner-${name}`

  /** Of one whose lock file somebody deleted nothing can be told; its leases will run out. */
  function isGone(other: { id: number; lock: string }): boolean {
    const path = pathOf(other.lock)
    return existsSync(path) ? isFree(path) : !isBusy.get(other.id)
  }

  function removeOwner(owner: number): void {
    const row = remove.get(owner) as { lock: string } | undefined
    if (row) rmSync(pathOf(row.lock), { force: true })
  }

  return {
    own: () => id,
    register() {
      held ??= tryLock(pathOf(lock))
      if (!held) throw new Error(`its lock ${pathOf(lock)} could not be taken`)
      id = Number(insert.get(lock)?.['id'])
    },
    dead() {
      const others = select.all(id) as { id: number; lock: string }[]
      return others.filter(isGone).map((other) => other.id)
    },
    remove: removeOwner,
    close() {
      if (!held) return
      // What is still running here is left to the others, who will find this owner dead.
      if (!isBusy.get(id)) removeOwner(id)
      held.close()
      held = undefined
    },
  }
}

const BUSY = 5

/** The connection that holds the lock until it is closed, or undefined if someone else does. */
function tryLock(path: string): DatabaseSync | undefined {
  createPrivately(path)
  // It does not wait for a lock unless it is told to.
  const db = new DatabaseSync(path)
  try {
    // Nothing is ever written: the transaction is the lock.
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    if ((error as { errcode?: number }).errcode === BUSY) return undefined
    throw error
  }
}

function isFree(path: string): boolean {
  const lock = tryLock(path)
  lock?.close()
  return lock !== undefined
}
