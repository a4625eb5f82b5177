import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createPrivately } from './files.ts'
import { BUSY, resultCode } from './result.ts'
import { STATE } from './schema.ts'

/** Who works on a file, and which of them are gone. */
export interface Owners {
  /** This connection's number; 0 as long as it has not registered. */
  own(): number
  /**
   * Makes this connection an owner, of which others can tell whether it lives, and returns its number. What an owner of
   * this process that has ended was at becomes its own.
   */
  register(previous: number | undefined): number
  /** Registers again if others have taken it for gone, as they do where somebody has deleted its lock file. */
  keep(): void
  /** The numbers of the others whose process is gone, and what kept it from telling that of some. */
  look(): { dead: number[]; problem: string | undefined }
  /** Strikes one out, once nothing is its own any more; its lock file goes when that is committed. */
  remove(id: number): void
  /** Stops being an owner, for the connection that is given what it returns. The lock stays held. */
  handOver(): Ownership
  /** Stops being an owner. What is still running here is left to the others, who will find this one gone. */
  close(options: { mayWrite: boolean }): void
}

/** An owner as it is handed from one connection of a thread to the next. */
export interface Ownership {
  id: number
  lock: HeldLock | undefined
}

interface HeldLock {
  name: string
  db: DatabaseSync
}

/** Does something once the transaction is committed, and never if it is rolled back. */
export type AfterCommit = (work: () => void) => void

/**
 * An owner holds a lock on a small file of its own beside the database for as long as it lives. The operating
 * system lets go of it the moment the process is gone, however that came about, and whoever can open the database
 * can tell; across containers too, where process ids mean nothing. SQLite knows how to lock on every platform.
 */
export function createOwners(
  db: DatabaseSync,
  file: string,
  begin: () => void,
  afterCommit: AfterCommit,
  from: Ownership = { id: 0, lock: undefined },
): Owners {
  const insert = db.prepare('INSERT INTO owners (lock) VALUES (?) RETURNING id')
  const exists = db.prepare('SELECT 1 FROM owners WHERE id = ?')
  const select = db.prepare('SELECT id, lock FROM owners WHERE id <> ?')
  const remove = db.prepare('DELETE FROM owners WHERE id = ? RETURNING lock')
  const adopt = db.prepare(`UPDATE work SET owner = ? WHERE state = ${STATE.running} AND owner = ?`)
  const isBusy = db.prepare(`SELECT 1 FROM work WHERE state = ${STATE.running} AND owner = ? LIMIT 1`)
  let { id, lock: held } = from

  const pathOf = (name: string): string => `${file}-owner-${name}`

  /** One lock is held for each try, so that one that was rolled back leaves nothing to a later one. */
  function enter(): number {
    begin()
    letGo()
    // Short: it makes the longest of the names beside the file's.
    const name = randomBytes(8).toString('hex')
    held = { name, db: takeLock(pathOf(name), statSync(file).mode & 0o777) }
    const given = Number(insert.get(name)?.['id'])
    // Rolled back, the number may become another's.
    afterCommit(() => {
      id = given
    })
    return given
  }

  function letGo(): void {
    if (!held) return
    const { name } = held
    held.db.close()
    held = undefined
    removeFiles(name)
  }

  function strike(other: number): void {
    const row = remove.get(other) as { lock: string } | undefined
    // Not before: rolled back, the row would stay without its file.
    if (row) afterCommit(() => removeFiles(row.lock))
  }

  /**
   * One without a lock file is gone too: a copy of the database, or one that was renamed, has its rows and not its file,
   * and their leases end by the clock of another start, or of another machine. Should somebody delete the file of one
   * that lives, its work is taken over as if its lease had run out; it hears of that at the next renewal, and what it
   * writes later changes nothing.
   */
  function isGone(lock: string): boolean {
    const path = pathOf(lock)
    return !statSync(path, { throwIfNoEntry: false }) || isFree(path)
  }

  function removeFiles(name: string): void {
    for (const path of [pathOf(name), `${pathOf(name)}-journal`]) rmSync(path, { force: true })
  }

  return {
    own: () => id,
    register(previous) {
      const given = enter()
      if (previous !== undefined) {
        adopt.run(given, previous)
        strike(previous)
      }
      return given
    },
    keep() {
      if (id !== 0 && !exists.get(id)) adopt.run(enter(), id)
    },
    look() {
      const dead: number[] = []
      let problem: string | undefined
      for (const { id: other, lock } of select.all(id) as { id: number; lock: string }[]) {
        try {
          if (isGone(lock)) dead.push(other)
        } catch (error) {
          // Then it counts as alive, and its leases end by their time: one that cannot be told keeps no other from it.
          problem = (error as Error).message
        }
      }
      return { dead, problem }
    },
    remove: strike,
    handOver() {
      const handed = { id, lock: held }
      held = undefined
      return handed
    },
    close({ mayWrite }) {
      if (!held) return
      try {
        if (mayWrite && !isBusy.get(id)) remove.run(id)
      } finally {
        letGo()
      }
    },
  }
}

/** A connection that holds the lock until it is closed. Whoever may use the database must be able to ask for it. */
function takeLock(path: string, mode: number): DatabaseSync {
  createPrivately(path, mode)
  const db = new DatabaseSync(path)
  // Nothing is ever written: the transaction is the lock.
  db.exec('BEGIN EXCLUSIVE')
  return db
}

/** Only reads, so that it makes no file where one was just removed. */
function isFree(path: string): boolean {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true })
    db.exec('SELECT 1 FROM sqlite_schema')
    return true
  } catch (error) {
    if (resultCode(error) === BUSY || !existsSync(path)) return false
    throw new Error(`the lock file ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  } finally {
    db?.close()
  }
}
