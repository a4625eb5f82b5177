// The scripts run wherever npm does: in sh and in the command prompt of Windows.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, startChild } from '../helpers/child.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const MANIFESTS = ['package.json', ...globSync('{packages,examples}/*/package.json', { cwd: ROOT })]

/**
 * What one of the two shells takes otherwise, or not at all. They agree on `&&`, and `exec` is a program of the workspace
 * where it is not a word of the shell.
 */
const SHELL_ONLY = /[;|<>$`*?'\\{}()~^%]|(?<!&)&(?!&)|&&&|(?:^|&& )\w+=/

test.each([
  'tsc -b packages/*/tsconfig.json',
  'PORT=1 node a.js',
  'node a.js; node b.js',
  'node a.js & node b.js',
  'node a.js || node b.js',
  "node -e '1'",
  'node $npm_execpath',
])('"%s" is not for both shells', (script) => {
  expect(script).toMatch(SHELL_ONLY)
})

test.each(MANIFESTS)('each script of %s runs in sh and on Windows', (manifest) => {
  const { scripts = {} } = JSON.parse(read(manifest)) as { scripts?: Record<string, string> }
  for (const [name, script] of Object.entries(scripts)) expect(script, name).not.toMatch(SHELL_ONLY)
})

test('the build compiles each package, and each CommonJS copy', () => {
  const projects = globSync('packages/*/tsconfig{,.cjs}.json', { cwd: ROOT })
  const referenced = [...read('test/repo/packages.tsconfig.json').matchAll(/"path": "..\/..\/([^"]+)"/g)].map(
    ([, path = '']) => path,
  )
  expect(referenced.toSorted()).toEqual(projects.toSorted())
})

test('exec, where the shell has none, runs a program and ends as it does', async () => {
  const { bin } = JSON.parse(read('test/package.json')) as { bin: { exec: string } }
  const exec = startChild(join('test', bin.exec), ['node', '--print', 'process.exitCode = 7, process.version'])
  expect(await exec.ended).toBe(7)
  expect(exec.output()).toBe(`${process.version}\n`)
})
