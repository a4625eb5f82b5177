import { statSync } from 'node:fs'

/** What was written to a file that was taken away is gone when the last process that has it open ends. */
export class TakenAwayError extends Error {
  constructor(file: string) {
    super(`${file} was deleted, moved or replaced while in use; put it back or restart the process`)
  }
}

/**
 * Remembers which files an open database is in: what is committed last is in its `-wal`, its locks are in its `-shm`.
 * What it returns names the one that is no longer in its place. SQLite does not look: it goes on writing where nobody
 * will read. As long as it is open, SQLite itself changes none for another.
 *
 * @param name - What it was opened by, which may be a link.
 * @param file - Where it is.
 */
export function watchFiles(name: string, file: string): () => string | undefined {
  const paths = new Set([name, file, `${file}-wal`, `${file}-shm`])
  const opened = [...paths].map((path) => ({ path, identity: identify(path) }))
  return () => opened.find(({ path, identity }) => identify(path) !== identity)?.path
}

function identify(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found && `${found.dev}:${found.ino}`
}
