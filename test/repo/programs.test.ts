// Each program in a page is whole: it is compiled as strictly as a user can ask for, and run if it needs nothing but Node.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { START } from '../helpers/patience.ts'
import { compile, inTheirFiles, moduleOf, programsIn, writeExamples, type Example } from './examples.ts'
import { PAGES, readPage } from './pages.ts'

/** What is compiled only, and why. */
const NOT_RUN: readonly (readonly [reason: string, pattern: RegExp])[] = [
  ['it asks an engine, where it could take the work of somebody', /(?:redis|postgres):\/\//],
  ['it asks a host on the internet', /client\.(?:modify|details)\(|saveUrl\(/],
  ['it calls a receiver on port 3000', /(?:localhost|127\.0\.0\.1):3000/],
  ['it is a suite that waits for leases to end; test/contract runs it', /inboxContract/],
]

/** What a program takes from its environment. */
const ENV = { LUMA_API_KEY: 'key', LUMA_WEBHOOK_KEY: 'whk_test' }

const programs = PAGES.flatMap((page) => programsIn(page, readPage(page)))

function isRun({ code }: Example): boolean {
  return NOT_RUN.every(([, pattern]) => !pattern.test(code))
}

function newFolder(onOver: (remove: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'luma-pages-'))
  onOver(() => rmSync(folder, { recursive: true }))
  cpSync(join(ROOT, 'test/fixtures/pages'), folder, { recursive: true })
  return folder
}

test('every program is found, and says that it is one', () => {
  const fences = PAGES.flatMap((page) => [...readPage(page).matchAll(/^```(\S+)$/gm)].map(([, language]) => language))
  const known = ['ts', 'js', 'sh', 'sql', 'console', 'text']
  expect(fences.filter((language) => !known.includes(language ?? ''))).toEqual([])
  expect(programs.length).toBeGreaterThan(35)
})

test.each([
  ['in TypeScript compiles as strictly as it can be asked to', false],
  ['in CommonJS uses only what there is', true],
])('every program %s', (_name, isCommonJs) => {
  const folder = newFolder(onTestFinished)
  const chosen = programs.filter((program) => program.isCommonJs === isCommonJs)
  writeExamples(folder, chosen, { isStrict: !isCommonJs })
  expect(compile(folder)).toBe('')
})

test('a mistake in a program is told by the page and the line', () => {
  const folder = newFolder(onTestFinished)
  writeExamples(folder, programsIn('docs/wrong.md', '# Wrong\n\n```ts\nconst text = 1\ntext.trim()\n```\n'), {
    isStrict: true,
  })
  expect(compile(folder)).toMatch(/^docs\/wrong\.md:5: error TS2339: .*'trim'/)
})

test.each(NOT_RUN)('some programs are not run: %s', (_reason, pattern) => {
  expect(programs.filter(({ code }) => pattern.test(code))).not.toEqual([])
})

describe('runs to the end of its module:', () => {
  const folder = newFolder(afterAll)
  writeExamples(folder, programs, { isStrict: true })

  test.concurrent.each(programs.filter(isRun))('the program in $file, line $line', async (program) => {
    const run = promisify(execFile)(
      process.execPath,
      [join(ROOT, 'test/helpers/run-program.ts'), join(folder, moduleOf(program))],
      // What it writes, such as an inbox, is its own.
      { cwd: mkdtempSync(join(folder, 'run-')), env: { ...process.env, ...ENV }, timeout: START },
    )
    await run.catch((error: Error) => expect.fail(inTheirFiles(error.message)))
  })
})
