// Errors are data: each has a code of the one union, a name that is written out, and no class of ours is asked for.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as core from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { PAGES, sectionOf } from './pages.ts'

const packages = readdirSync(join(ROOT, 'packages'))
const UNION = 'packages/core/src/errors/codes.ts'

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

const sources = packages.flatMap((name) =>
  readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `packages/${name}/src/${file}`),
)

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found)
}

describe('every error class', () => {
  const files = sources.filter((file) => /class \w+ extends LumaError\b/.test(read(file)))

  test('is found in core, client, download and testing', () => {
    expect(files.map((file) => file.split('/')[1])).toEqual(['client', 'core', 'download', 'testing'])
  })

  test.each(files)('of %s writes out its own name and has a code', (file) => {
    // An inbox keeps the name with what failed, and a minifier renames classes.
    const classes = read(file)
      .split(/^(?=export class )/m)
      .filter((text) => /^export class \w+ extends LumaError\b/.test(text))
    for (const text of classes) {
      const [name] = matches(text, /^export class (\w+)/g)
      expect(matches(text, /this\.prototype\.name = '(\w+)'/g)).toEqual([name])
      expect(text).toMatch(/^ {2}readonly code(?: = 'ERR_LUMA_\w+'|: \w+Code)$/m)
    }
  })
})

test('an error keeps its name where its class has another', () => {
  const renamed = { y: class extends core.ForgedError {} }.y
  expect(new renamed('no').name).toBe('ForgedError')
  expect(String(new core.UnrecoverableError('no'))).toBe('UnrecoverableError: no')
})

test('every error code has one class and one row in a page', () => {
  const union = matches(read(UNION), /^ {2}\| '(ERR_LUMA_\w+)'/gm)
  const ofClasses = sources.flatMap((file) => matches(read(file), /^ {2}readonly code = '(ERR_LUMA_\w+)'$/gm))
  // Classes with a code for each of several cases, which they list themselves.
  const ofUnions = ['client', 'download'].flatMap((name) =>
    matches(read(`packages/${name}/src/errors.ts`), /^ {2}\| '(ERR_LUMA_\w+)'$/gm),
  )
  const sections = [
    sectionOf('packages/core/docs/errors.md', 'Codes'),
    ...['client', 'download'].map((name) => sectionOf(`packages/${name}/README.md`, 'Errors')),
  ]
  const rows = matches(sections.join('\n'), /\| `(ERR_LUMA_\w+)`/g)
  expect(union.length).toBeGreaterThan(40)
  expect([...ofClasses, ...ofUnions].toSorted()).toEqual(union.toSorted())
  expect(rows.toSorted()).toEqual(union.toSorted())
})

test('sources and pages name only codes that there are', () => {
  const union = matches(read(UNION), /'(ERR_LUMA_\w+)'/g)
  for (const file of [...sources, ...PAGES]) {
    // What ends with an underscore is the beginning of several.
    for (const code of matches(read(file), /\b(ERR_LUMA_[A-Z_]*[A-Z])\b(?!_)/g)) expect(union, file).toContain(code)
  }
})

/** What is not ours: of the language, of Node, or of a package that has one copy beside the code that asks. */
const FOREIGN = new Set([
  'AggregateError',
  'CommanderError',
  'Date',
  'Error',
  'RegExp',
  'SyntaxError',
  'TypeError',
  'URL',
])
/** Classes of ours whose errors are made and caught by one copy of one package, and are seen by no user. */
const PRIVATE: Readonly<Record<string, string>> = {
  Refusal: 'core: an answer to a request on its way up to the handler',
  Failure: 'cli: the end of a command, caught by its main function',
  Interrupted: 'cli: the same, after a signal',
  TakenAwayError: 'sqlite: never leaves the thread of a file',
  Unmet: 'testing: the verdict of a check, caught by the audit',
}

describe('a class tells no error of ours', () => {
  const asked = sources.flatMap((file) =>
    matches(read(file), /\binstanceof ([\w.]+)/g).map((name) => ({ file, name: name.replace(/^s3\..*/, 'Error') })),
  )

  test('as there may be two copies of a package', () => {
    const wrong = asked.filter(({ name }) => !FOREIGN.has(name) && !(name in PRIVATE))
    expect(wrong).toEqual([])
  })

  test('but for what never leaves its package', () => {
    const used = new Set(asked.map(({ name }) => name).filter((name) => name in PRIVATE))
    expect([...used].toSorted()).toEqual(Object.keys(PRIVATE).toSorted())
    const exported = packages.map((name) => read(`packages/${name}/src/${name === 'cli' ? 'bin' : 'index'}.ts`))
    for (const name of used) expect(exported.join(), name).not.toMatch(new RegExp(`\\b${name}\\b`))
  })
})
