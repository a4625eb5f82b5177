// `npm run check:newest` runs other versions; here is what it asks for.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { askedVersions, ENGINES, testedVersions, withVersions } from '../newest/packages.ts'
import { SUITES_OF } from '../newest/suites.ts'

test('the packages of an engine are named by its manifest, and tested in one version', () => {
  for (const [engine, names] of Object.entries(ENGINES)) {
    const text = readFileSync(join(ROOT, 'packages', engine, 'package.json'), 'utf8')
    const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> }
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining([...names]))
    for (const name of names) expect(testedVersions(ROOT)[name]).toMatch(/^\d+\.\d+\.\d+$/)
  }
})

test('a manifest is changed where it names a package, and nowhere else', () => {
  const manifest = {
    dependencies: { ioredis: '^5.4.0 || ^6.0.0', bullmq: '6.7.0' },
    devDependencies: { ioredis5: 'npm:ioredis@5.11.1', ioredis: '6.0.0' },
  }
  expect(withVersions(manifest, { ioredis: '6.1.0' })).toEqual({
    dependencies: { ioredis: '6.1.0', bullmq: '6.7.0' },
    devDependencies: { ioredis5: 'npm:ioredis@5.11.1', ioredis: '6.1.0' },
  })
})

test('other versions are asked for by name', () => {
  expect(askedVersions(['pg@8.23.1', 'bullmq@6.6.0'])).toEqual({ pg: '8.23.1', bullmq: '6.6.0' })
  expect(() => askedVersions(['mysql@1.0.0'])).toThrow('mysql@1.0.0: name a version of bullmq, ioredis, pg-boss, pg')
})

test('each beginning is of some test files', () => {
  for (const start of Object.values(SUITES_OF).flat()) {
    expect(globSync(`${start}*.test.ts`, { cwd: ROOT }), start).not.toEqual([])
  }
})
