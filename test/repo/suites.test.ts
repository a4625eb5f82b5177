import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { OWN_CONFIG, SUITES } from '../suites.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

test.each(Object.keys(SUITES))('the suite "%s" is a project of the one configuration', (name) => {
  expect(scripts[`test:${name}`]).toBe(scripts['test']?.replace('--project quick', `--project ${name}`))
})

test.each(Object.entries(OWN_CONFIG))('the suite "%s" is run by the configuration in %s', (name, folder) => {
  expect(scripts[`test:${name}`]).toContain(`vitest run --config ${folder}/vitest.config.ts`)
})

test.each(Object.keys({ ...SUITES, ...OWN_CONFIG }))(
  '.ci/run calls the suite "%s", and the page for developers names it',
  (name) => {
    expect(read('test/README.md')).toContain(`npm run test:${name}`)
    const [, called = ''] = /for suite in ([\w ]+); do\n {2}run npm run "test:\$suite"/.exec(read('.ci/run')) ?? []
    expect(called.split(' ')).toContain(name)
  },
)

test('each pattern of a suite is of some test files, and none of them is in two', () => {
  const files = Object.values(SUITES)
    .flat()
    .map((pattern) => globSync(pattern, { cwd: ROOT }))
  for (const found of files) expect(found).not.toEqual([])
  expect(new Set(files.flat()).size).toBe(files.flat().length)
})
