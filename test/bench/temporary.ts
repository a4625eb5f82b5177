import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'

/** A folder that is gone after the run, or before. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'luma-bench-'))
  // Somebody who was just killed may be at a last write.
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  atExit(remove)
  return { path, remove }
}
