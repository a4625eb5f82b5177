// What GitHub runs for the project: only what the project has, with no more rights than it needs.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { OWN_CONFIG, SUITES } from '../suites.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
const WORKFLOWS = globSync('.github/workflows/*.yml', { cwd: ROOT })
const check = read('.github/workflows/check.yml')
/** The items of a list in one line. */
const listOf = (name: string): string[] => new RegExp(`${name}: \\[(.*)\\]`).exec(check)?.[1]?.split(', ') ?? []

test.each(WORKFLOWS)('%s has the least rights, one run at a time, and actions by their major version', (workflow) => {
  const text = read(workflow)
  expect(text).toMatch(/^permissions:(?: \{\}|\n {2}contents: read)$/m)
  expect(text).toMatch(/^concurrency:\n {2}group: \S+/m)
  expect(text).not.toContain('secrets.')
  const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action)
  expect(actions.length).toBeGreaterThan(0)
  for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+$/)
})

test.each(WORKFLOWS)('%s runs scripts and files that there are', (workflow) => {
  const text = read(workflow)
  for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)$/gm)) expect(Object.keys(scripts)).toContain(name)
  for (const [, file = ''] of text.matchAll(/run: sudo (\S+)/g)) expect(existsSync(join(ROOT, file)), file).toBe(true)
})

test('each suite is run, and each Node from the oldest that is supported', () => {
  const suites = Object.keys({ ...SUITES, ...OWN_CONFIG })
  const called = [...check.matchAll(/npm run test:(\w+)$/gm)].map(([, name = '']) => name)
  expect([...listOf('suite'), ...called].toSorted()).toEqual(suites.toSorted())
  const { engines } = JSON.parse(read('packages/core/package.json')) as { engines: { node: string } }
  expect(listOf('node')).toEqual(['20', '22', '24', '26'])
  expect(engines.node).toBe('>=20.19')
})
