import { appendFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { lineOf, type Counts } from './counts.ts'

/**
 * Ends a run with the tests that were left out and why, and one line of counts. Where LUMA_ALL_TESTS says that everything
 * is there that tests need, none may be left out. Where LUMA_COUNTS names a file, the counts are added to that instead:
 * `counts.ts` prints the sum of several runs.
 */
export class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts: Counts = { passed: 0, failed: errors.length, skipped: 0 }
    const leftOut = new Map<string, number>()
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'pending') continue
        counts[state]++
        const reason = state === 'skipped' ? reasonOf(test) : undefined
        if (reason !== undefined) leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
      }
    }
    // After coverage, which prints when this returns.
    process.once('exit', () => {
      for (const [reason, count] of leftOut) console.log(`${count} left out: ${reason}`)
      if (counts.skipped > 0 && process.env['LUMA_ALL_TESTS']) {
        console.log('none may be left out here')
        process.exitCode = 1
      }
      const file = process.env['LUMA_COUNTS']
      if (file) appendFileSync(file, `${JSON.stringify(counts)}\n`)
      else console.log(lineOf(counts))
    })
  }
}

/** Where tests are left out, the title of theirs or of a suite around them says why. */
function reasonOf({ fullName }: TestCase): string | undefined {
  return /\(left out: ([^)]*)\)/.exec(fullName)?.[1]
}
