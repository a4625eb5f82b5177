import { existsSync, realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createPrivately } from './files.ts'
import { TakenAwayError, watchFiles, type WatchedFiles } from './taken-away.ts'
import { createJobs, type Jobs } from './jobs.ts'
import { createInspection, type Inspection } from './inspect.ts'
import { BUSY, PROTOCOL, resultCode, toFailure, type Result } from './result.ts'
import { isLocked, watchLocks } from './lasting-lock.ts'
import { createOwners, type Ownership } from './owners.ts'
import { createRecords, type Records } from './records.ts'
import { createRecovery, type Recovery } from './recovery.ts'
import { checkOrigin, migrate } from './schema.ts'

/** All that can be done with an open file, each in one synchronous step. */
export interface Engine extends Records, Jobs, Recovery, Inspection {
  /** Makes this connection one that can hold leases, by the number it returns, in place of a previous one. */
  register(previous?: number): number
}

/** A call of an engine's method, as it is sent to the thread that has the engine. */
export type Call = readonly [name: keyof Engine, ...args: unknown[]]

export interface OpenFile {
  /**
   * Does all the calls in one transaction: all are durable when it returns, or none happened and it throws. One that
   * cannot be done does not fail the others: then each has a transaction of its own, and a result of its own.
   */
  run(calls: readonly Call[]): Result[]
  /** Hardly waits for locks from now on. */
  hurry(): void
  /** Whether it seems locked for good, be it by this connection itself. */
  isLocked(): boolean
  /** Closes it, and keeps its lock as an owner for the connection that comes in its place. */
  release(): Ownership
  close(): void
}

/**
 * Opens a file, new or old, and brings it to this version. `busyTimeout` is how long it waits for a lock, in milliseconds;
 * `owner` is what a connection before it released.
 */
export function openFile(name: string, busyTimeout: number, owner?: Ownership): OpenFile {
  createPrivately(name)
  // Whoever opens it by another name must find its owners' locks all the same; SQLite puts its own files there too.
  const file = realpathSync(name)
  const db = new DatabaseSync(file)
  try {
    // A pragma, for the option came with Node 22.16.
    db.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
    waitWhileBusy(busyTimeout, () => {
      // First of all: the next line writes, and this may be a file of someone else.
      checkOrigin(db)
      db.exec('PRAGMA journal_mode = WAL')
    })
    // FULL: a commit returns when it is on the disk. The WAL is cut back to this size after a burst.
    db.exec('PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216')
    migrate(db)
    return createOpenFile(db, watchFiles(name, file), { file, owner })
  } catch (error) {
    db.close()
    throw error
  }
}

/** How long a file that is being closed waits for a lock, in milliseconds. */
const LAST_WAIT = 200

/** To change to a WAL, SQLite needs the file for itself, and of all locks it does not wait for this one. */
function waitWhileBusy(timeout: number, work: () => void): void {
  const end = Date.now() + timeout
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isLocked(error) || Date.now() >= end) throw error
      // This thread has nothing else to do.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

/** SQLite's codes of what is wrong with the file or its disk: busy, read-only, I/O, damaged, full, not to be opened, locks, no database. */
const OF_FILE = [BUSY, 8, 10, 11, 13, 14, PROTOCOL, 26]

/** Whether it would fail every call alike. */
function isOfFile(error: unknown): boolean {
  return error instanceof TakenAwayError || OF_FILE.includes(resultCode(error))
}

function createOpenFile(
  db: DatabaseSync,
  files: WatchedFiles,
  { file, owner }: { file: string; owner: Ownership | undefined },
): OpenFile {
  // IMMEDIATE: waits for other writers here, where waiting is all that can happen.
  const beginWrite = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const locks = watchLocks()
  let isWriting = false
  let afterCommit: (() => void)[] = []

  function begin(): void {
    if (isWriting) return
    beginWrite.run()
    isWriting = true
  }

  function checkInPlace(): void {
    const taken = files.findTakenLately()
    if (taken === undefined) return
    // What was answered before it went can still be had, by this process only. Not beside one that has made another.
    if (taken === `${file}-wal` && !existsSync(taken)) db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    throw new TakenAwayError(taken)
  }

  function endTransaction(): void {
    try {
      rollback.run()
    } catch {
      // The failure has ended it already.
    }
  }

  /** What is done now is committed; what fails here is a file that stays behind. */
  function settle(): void {
    for (const work of afterCommit) {
      try {
        work()
      } catch {
        // Nobody can be told that what is committed did not happen.
      }
    }
  }

  const owners = createOwners(db, file, begin, (work) => afterCommit.push(work), owner)
  const engine: Engine = {
    ...createRecords(db, begin),
    ...createJobs(db, owners, begin),
    ...createRecovery(db, owners, begin),
    ...createInspection(db, begin),
    register: owners.register,
  }

  function runTogether(calls: readonly Call[]): Result[] {
    try {
      checkInPlace()
      const results = calls.map(([name, ...args]) => ({
        value: (engine[name] as (...args: unknown[]) => unknown)(...args),
      }))
      if (!isWriting) return results
      commit.run()
      locks.wrote()
      isWriting = false
      settle()
      return results
    } catch (error) {
      locks.failed(error)
      if (isWriting) endTransaction()
      throw error
    } finally {
      isWriting = false
      afterCommit = []
    }
  }

  /** Once the file itself fails, the rest is not tried: each might wait for as long as a lock is waited for. */
  function runApart(calls: readonly Call[]): Result[] {
    let failed: Result | undefined
    return calls.map((call) => {
      if (failed) return failed
      try {
        return runTogether([call])[0] ?? { value: undefined }
      } catch (error) {
        const result = { error: toFailure(error) }
        if (isOfFile(error)) failed = result
        return result
      }
    })
  }

  return {
    run(calls) {
      try {
        return runTogether(calls)
      } catch (error) {
        if (calls.length === 1 || isOfFile(error)) throw error
        return runApart(calls)
      }
    },
    hurry: () => db.exec(`PRAGMA busy_timeout = ${LAST_WAIT}`),
    // One that was taken away must be put back: opened again, it would be another file.
    isLocked: () => locks.isLasting() && files.findTaken() === undefined,
    release() {
      const handed = owners.handOver()
      files.close()
      db.close()
      return handed
    },
    close() {
      try {
        owners.close({ mayWrite: files.findTaken() === undefined })
      } finally {
        files.close()
        db.close()
      }
    },
  }
}
