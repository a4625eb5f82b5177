// The docstrings cannot lie: each of their examples is a whole program, which is compiled and run as it stands there.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { START } from '../helpers/patience.ts'
import { compile, examplesIn, examplesOf, inTheirFiles, moduleOf, sourceFiles, writeExamples } from './examples.ts'

const INTERNET = 'it asks a host on the internet'
const RECEIVER = 'it calls a receiver on port 3000, and calls again for half a minute where there is none'
const SUITE = 'it is a suite that waits for leases to end; test/contract runs it'

/** What is compiled only, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'packages/client/src/client.ts': INTERNET,
  'packages/client/src/reconcile.ts': INTERNET,
  'packages/download/src/save/save-url.ts': INTERNET,
  'packages/testing/src/contracts/dedupe-contract.ts': SUITE,
  'packages/testing/src/contracts/inbox-contract.ts': SUITE,
  'packages/testing/src/simulator/simulator.ts': RECEIVER,
}

/** What an example takes from its environment. */
const ENV = { LUMA_API_KEY: 'key', LUMA_WEBHOOK_KEY: 'whk_test' }

const examples = sourceFiles().flatMap(examplesOf)

/** A folder for examples, until the tests of the file, or this one, are over. */
function newFolder(onOver: (remove: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'luma-docstrings-'))
  onOver(() => rmSync(folder, { recursive: true }))
  return folder
}

test('every example is found', () => {
  const fences = sourceFiles().flatMap((file) => readFileSync(join(ROOT, file), 'utf8').match(/^ *\* ```/gm) ?? [])
  expect(examples.length).toBeGreaterThan(20)
  expect(fences).toHaveLength(2 * examples.length)
})

test('every example compiles as strictly as it can be asked to', () => {
  const folder = newFolder(onTestFinished)
  writeExamples(folder, examples, { isStrict: true })
  expect(compile(folder)).toBe('')
})

test('a mistake in an example is told by the file and the line of the docstring', () => {
  const source = [
    '/**',
    ' * Does this.',
    ' *',
    ' * @example',
    ' * ```ts',
    ' * const text = 1',
    ' * text.trim()',
    ' * ```',
    ' */',
  ]
  const folder = newFolder(onTestFinished)
  writeExamples(folder, examplesIn('packages/core/src/wrong.ts', source.join('\n')), { isStrict: true })
  expect(compile(folder)).toMatch(/^packages\/core\/src\/wrong\.ts:7: error TS2339: .*'trim'/)
})

test.each(Object.entries(NOT_RUN))('the example in %s is there, and is not run: %s', (file) => {
  expect(examplesOf(file)).not.toEqual([])
})

describe('runs, and ends by itself:', () => {
  const folder = newFolder(afterAll)
  writeExamples(folder, examples, { isStrict: true })

  test.concurrent.each(examples.filter(({ file }) => !(file in NOT_RUN)))(
    'the example in $file, line $line',
    async (example) => {
      const run = promisify(execFile)(process.execPath, [join(folder, moduleOf(example))], {
        // What it writes, such as an inbox, is its own.
        cwd: mkdtempSync(join(folder, 'run-')),
        env: { ...process.env, ...ENV },
        timeout: START,
      })
      await run.catch((error: Error) => expect.fail(inTheirFiles(error.message)))
    },
  )
})
