// `npm run mutate` runs tests on changed sources; here is what it changes.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { AREAS } from '../mutate/areas.ts'
import { codeOf } from '../mutate/mask.ts'
import { mutantsOf } from '../mutate/mutants.ts'
import { readOptions } from '../mutate/options.ts'

/** Each mutant of a source, as the whole of it. */
const changesOf = (source: string): string[] =>
  mutantsOf(source).map(({ start, end, text }) => source.slice(0, start) + text + source.slice(end))

describe('a mutant', () => {
  test.each<[string, string[]]>([
    ['const a = b === c', ['const a = b !== c']],
    ['const a = b < c', ['const a = b >= c', 'const a = b <= c']],
    ['const a = b && c', ['const a = b || c']],
    ['const a = !b', ['const a = b']],
    ['f(!b)[0]', ['f(b)[0]', 'f(!b)[1]']],
    ['let a = 1_000', ['let a = 1001']],
    ['let a = true', ['let a = false']],
    ['  stop()', ['  void 0']],
    ['  await a.b(c)', ['  void 0']],
    ['  if (a) throw b', ['  void 0']],
  ])('of %j', (source, changes) => {
    expect(changesOf(source)).toEqual(changes)
  })

  test.each([
    'const a: Map<string, 1> = b',
    '// a === b',
    '/** 1 < 2 */',
    "const a = 'b === 1'",
    'const a = `b === ${c}`',
    'const a = /b === [/1]/',
    'interface A { b: true }',
  ])('is not made of %j, which decides nothing', (source) => {
    expect(mutantsOf(source)).toEqual([])
  })

  test('names the line that it is in', () => {
    expect(mutantsOf('// one\n\nlet a = true\n')).toMatchObject([{ line: 3, text: 'false' }])
  })
})

test('each character of the code stays in its place', () => {
  const source = `const a: string = 'x' // y\nf(a as number)\n`
  expect(codeOf(source)).toHaveLength(source.length)
  expect(codeOf(source).indexOf('f(a')).toBe(source.indexOf('f(a'))
})

test('each file that may be mutated is there, and so are its tests', () => {
  for (const file of Object.entries(AREAS).flat(2)) expect(existsSync(join(ROOT, file)), file).toBe(true)
})

test('the options are a list of files, a number and a seed', () => {
  const [file = ''] = Object.keys(AREAS)
  expect(readOptions([])).toEqual({ files: Object.keys(AREAS), most: undefined, seed: 1 })
  expect(readOptions(['--files', file, '--most', '5', '--seed', '7'])).toEqual({ files: [file], most: 5, seed: 7 })
  expect(() => readOptions(['--files', 'none.ts'])).toThrow('--files: none.ts is none of')
  expect(() => readOptions(['--most', 'all'])).toThrow('--most: give it a whole number, not all')
})
