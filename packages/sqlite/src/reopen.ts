import { openFile, type OpenFile } from './engine.ts'
import type { Ownership } from './owners.ts'

export type ReopenedFile = Pick<OpenFile, 'run' | 'hurry' | 'close'>

/**
 * A file that is closed and opened again when it seems locked for good. If the system fails to release one of its locks, this
 * process keeps it, every process finds the file locked, and only closing the file releases it. If another process has the
 * lock, opening again changes nothing.
 *
 * The connection's lock as an owner is on another file and is held all the time, so that no other process takes over what
 * runs here.
 */
export function openAndReopen(name: string, busyTimeout: number): ReopenedFile {
  let open: OpenFile | undefined = openFile(name, busyTimeout)
  let kept: Ownership | undefined
  let isHurried = false

  /** As it is, or opened again. Throws where that fails; the next call tries it again. */
  function current(): OpenFile {
    if (open?.isLocked()) {
      kept = open.release()
      open = undefined
    }
    if (!open) {
      open = openFile(name, busyTimeout, kept)
      kept = undefined
      if (isHurried) open.hurry()
    }
    return open
  }

  return {
    run: (calls) => current().run(calls),
    hurry() {
      isHurried = true
      open?.hurry()
    },
    close() {
      open?.close()
      // Whoever works on the file next finds this one gone.
      kept?.lock?.db.close()
      open = kept = undefined
    },
  }
}
