import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'

/**
 * Makes the file if there is none, readable by its owner only: it holds what customers paid for. One that is there is
 * not even opened: to close it would let go of every lock that this process has on it.
 */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'ax', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (statSync(file).isDirectory()) throw new Error('EISDIR: it is a directory', { cause: error })
    // SQLite would open it to read only, and say so at the first callback.
    accessSync(file, constants.R_OK | constants.W_OK)
  }
}
