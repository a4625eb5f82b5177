import { accessSync, closeSync, constants, fchmodSync, openSync, statSync } from 'node:fs'

/**
 * Makes the file if there is none, by default readable by its owner only: it holds what customers paid for. One that is
 * there is not even opened: to close it would let go of every lock that this process has on it.
 */
export function createPrivately(file: string, mode = 0o600): void {
  try {
    const made = openSync(file, 'ax', mode)
    // The umask may have taken from it.
    fchmodSync(made, mode)
    closeSync(made)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const found = statSync(file, { throwIfNoEntry: false })
    if (!found)
      throw new Error('it is a link to a file that is not there; make that file, an empty one', { cause: error })
    if (found.isDirectory()) throw new Error('EISDIR: it is a directory', { cause: error })
    // SQLite would open it to read only, and say so at the first callback.
    accessSync(file, constants.R_OK | constants.W_OK)
  }
}
