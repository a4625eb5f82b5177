// The counts of several test runs as one line.
//   node test/helpers/counts.ts <file that LUMA_COUNTS named> <number of commands that failed>
import { readFileSync } from 'node:fs'

/** How many tests of a run came to which end. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export function lineOf({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/**
 * The sum of several runs. A command that failed without a failed test, such as a check or a run that ended before it could
 * count, counts as one failed test.
 */
export function sumOf(runs: readonly Counts[], failedCommands: number): Counts {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of runs) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  const told = runs.filter(({ failed, skipped }) => failed > 0 || skipped > 0).length
  total.failed += Math.max(0, failedCommands - told)
  return total
}

if (import.meta.main) {
  const [file = '', failedCommands = '0'] = process.argv.slice(2)
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  const runs = lines.map((line) => JSON.parse(line) as Counts)
  console.log(lineOf(sumOf(runs, Number(failedCommands))))
}
