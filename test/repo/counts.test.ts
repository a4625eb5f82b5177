import { expect, test } from 'vitest'
import { lineOf, sumOf } from '../helpers/counts.ts'

const good = { passed: 10, failed: 0, skipped: 0 }
const bad = { passed: 8, failed: 2, skipped: 0 }

test.each([
  ['none', [], 0, '0 passed, 0 failed, 0 skipped'],
  ['two that passed', [good, good], 0, '20 passed, 0 failed, 0 skipped'],
  ['one that failed', [good, bad], 1, '18 passed, 2 failed, 0 skipped'],
  ['one that failed, and a check that did', [good, bad], 2, '18 passed, 3 failed, 0 skipped'],
  ['one that ended before it could count', [good], 1, '10 passed, 1 failed, 0 skipped'],
  ['one that left some out', [{ ...good, skipped: 3 }], 1, '10 passed, 0 failed, 3 skipped'],
])('the counts of runs are one line: %s', (_, runs, failedCommands, line) => {
  expect(lineOf(sumOf(runs, failedCommands))).toBe(line)
})
