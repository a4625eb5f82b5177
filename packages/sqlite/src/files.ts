import { closeSync, openSync } from 'node:fs'

/** Makes the file if there is none, readable by its owner only: it holds what customers paid for. */
export function createPrivately(file: string): void {
  closeSync(openSync(file, 'a', 0o600))
}
