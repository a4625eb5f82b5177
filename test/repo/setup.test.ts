// What a newcomer sees of the installation: nothing, unless it fails.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { temporaryFolder } from '../helpers/inboxes.ts'

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { setup: string } }
const [, npxFlags = '', pnpmFlags = ''] = /^npx (.+) pnpm@\S+ (install .+)$/.exec(scripts.setup) ?? []

/** Installs in a workspace of one package, with the flags of the script `setup` and some more. */
function install(root: string, ...more: string[]): { code: number | null; output: string } {
  const flags = [...pnpmFlags.split(' '), '--offline', ...more]
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/pnpm'), flags, {
    cwd: root,
    encoding: 'utf8',
  })
  return { code: status, output: stdout + stderr }
}

/** A workspace whose package asks for a Node that there is not. */
function workspace(): { root: string; write(manifest: object): void } {
  const root = temporaryFolder(onTestFinished)
  mkdirSync(join(root, 'one'))
  writeFileSync(join(root, 'package.json'), '{ "private": true }')
  writeFileSync(join(root, 'pnpm-workspace.yaml'), 'packages:\n  - one\n')
  const write = (manifest: object) => writeFileSync(join(root, 'one/package.json'), JSON.stringify(manifest))
  write({ name: 'one', engines: { node: '>=99' } })
  return { root, write }
}

test('an installation that succeeds prints nothing, whatever Node a package asks for', () => {
  const { root } = workspace()
  expect(install(root, '--no-frozen-lockfile')).toEqual({ code: 0, output: '' })
  expect(install(root)).toEqual({ code: 0, output: '' })
})

test('an installation that fails says why', () => {
  const { root, write } = workspace()
  install(root, '--no-frozen-lockfile')
  write({ name: 'one', dependencies: { two: '1.0.0' } })
  const { code, output } = install(root)
  expect(code).toBe(1)
  expect(output).toContain('pnpm-lock.yaml is not up')
  // `npm run --silent` would make npx silent too, and a registry that is out of reach would not be told.
  expect(npxFlags.split(' ')).toContain('--loglevel=error')
})
