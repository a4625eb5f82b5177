import type { Reporter, TestCase, TestModule } from 'vitest/node'

/**
 * Ends a run with what was left out and why, and one line of counts, for whoever reads only the last line. Where LUMA_ALL_TESTS
 * says that everything is there that tests need, none may be left out.
 */
export class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
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
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    })
  }
}

/** Where tests are left out, the title of theirs or of a suite around them says why. */
function reasonOf({ fullName }: TestCase): string | undefined {
  return /\(left out: ([^)]*)\)/.exec(fullName)?.[1]
}
