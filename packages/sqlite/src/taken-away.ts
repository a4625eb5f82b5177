import { closeSync, openSync, readSync, statSync, type Stats } from 'node:fs'

/** What was written to a file that was taken away is gone when the last process that has it open ends. */
export class TakenAwayError extends Error {
  constructor(file: string) {
    super(`${file} was deleted, moved, replaced or emptied while in use; put it back or restart the process`)
  }
}

/** With what a `-wal` begins that is in use; which of the two is a matter of the machine. */
const WAL_MAGIC = [0x377f0682, 0x377f0683]

/**
 * Milliseconds between two looks. A callback that is recorded in between is in the file that was taken away, with all that was
 * recorded before: it gets its hook if the file is put back. Where only the `-wal` went, its content is rescued.
 */
const INTERVAL = 1_000

export interface WatchedFiles {
  /** The path of one that is no longer in its place, or was emptied. */
  findTaken(): string | undefined
  /** The same, but looks once a second, or each time while one is not in its place. */
  findTakenLately(): string | undefined
  close(): void
}

/**
 * Remembers which files an open database is in: what is committed last is in its `-wal`, its locks are in its `-shm`.
 * Should one be taken away, SQLite does not look: it goes on writing where nobody will read. As long as it is open, SQLite
 * itself changes none for another.
 *
 * @param name - What it was opened by, which may be a link.
 * @param file - Where it is.
 */
export function watchFiles(name: string, file: string): WatchedFiles {
  const opened = [...new Set([name, file, `${file}-wal`, `${file}-shm`])].map((path) => ({ path, was: find(path) }))
  // On this one there are no locks to let go of by closing it.
  const wal = openSync(`${file}-wal`, 'r')
  const start = Buffer.alloc(4)

  /** Written at its start once more after it was emptied as SQLite does it; without that, all of it is passed over. */
  function isWalCutOff(): boolean {
    return readSync(wal, start, 0, 4, 0) > 0 && !WAL_MAGIC.includes(start.readUInt32BE())
  }

  let lookedAt = -Infinity
  let taken: string | undefined

  function findTaken(): string | undefined {
    lookedAt = performance.now()
    const gone = opened.find(({ path, was }) => !isInPlace(path, was))
    taken = gone?.path ?? (isWalCutOff() ? `${file}-wal` : undefined)
    return taken
  }

  return {
    findTaken,
    findTakenLately: () => (taken === undefined && performance.now() - lookedAt < INTERVAL ? undefined : findTaken()),
    close: () => closeSync(wal),
  }
}

function find(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

/** Of them all only the `-wal` is ever empty in use. */
function isInPlace(path: string, was: Stats | undefined): boolean {
  const is = find(path)
  return is?.ino === was?.ino && is?.dev === was?.dev && (is?.size !== 0 || path.endsWith('-wal'))
}
