import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'

const ADAPTERS = ['express', 'koa']
const packages = readdirSync(join(ROOT, 'packages'))
/** Those that are imported; the command line is run. */
const libraries = packages.filter((name) => name !== 'cli')
const unprefixed = builtinModules.filter((name) => !name.startsWith('node:'))

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function sources(name: string): string[] {
  const files = readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith('.ts')).map((file) => `packages/${name}/src/${file}`)
}

test('the top level holds what the design says and nothing else', () => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const top = new Set(
    files
      .trim()
      .split('\n')
      .map((file) => file.split('/')[0] ?? ''),
  )
  const visible = [...top].filter((name) => !name.startsWith('.')).toSorted()
  expect(visible).toEqual([
    'LICENSE',
    'README.md',
    'examples',
    'package.json',
    'packages',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'test',
    'tsconfig.base.json',
  ])
})

test.each(packages)(
  '%s imports only what its package.json names, of our own only core unless it is the command line, and Node by its prefix',
  (name) => {
    const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`)) as {
      dependencies?: Record<string, string>
    }
    for (const file of sources(name)) {
      for (const [, from = ''] of read(file).matchAll(/^(?:import|export|\}) .*from '([^'.][^']*)'$/gm)) {
        expect(unprefixed, `${file} imports ${from}`).not.toContain(from)
        if (libraries.includes(name) && from.startsWith('@luma-callback/'))
          expect(from, file).toMatch(/^@luma-callback\/core(?:\/\w+)?$/)
        const dependency = from.replace(/^(@[^/]+\/[^/]+)\/.*$/, '$1')
        if (!from.startsWith('node:')) expect(Object.keys(dependencies), file).toContain(dependency)
      }
    }
  },
)

test.each(packages)('every file of %s can be read in one sitting', (name) => {
  for (const file of sources(name)) {
    expect(read(file).split('\n').length, file).toBeLessThanOrEqual(ADAPTERS.includes(name) ? 120 : 250)
  }
})

/** Functions that are longer than a page. Each is one closure over a state that its small functions share. */
const LONG_FUNCTIONS = [
  'core createHandlerOn',
  'core createInbox',
  'core createRunner',
  'core withSpool',
  'postgres createInspection',
  'postgres createJobStore',
  'postgres createRecorder',
  'postgres openDatabase',
  'postgres postgresDedupe',
  'postgres createBossEngine',
  'redis createInspection',
  'redis createJobStore',
  'redis createQueueEngine',
  'sqlite connect',
  'sqlite createInspection',
  'sqlite createOpenFile',
  'sqlite createOwners',
]
const MOST_LINES = 60

/** Every function declaration, by its name and its lines. */
function functionsIn(file: string): [name: string, lines: number][] {
  const lines = read(file).split('\n')
  return lines.flatMap((line, start) => {
    const [, indent, name = ''] = /^( *)(?:export )?(?:async )?function\*? (\w+)/.exec(line) ?? []
    if (indent === undefined) return []
    const end = lines.findIndex((other, index) => index > start && other === `${indent}}`)
    return [[name, end - start + 1] satisfies [string, number]]
  })
}

test('every function fits on a page, but for these', () => {
  const long = packages.flatMap((name) =>
    sources(name)
      .flatMap(functionsIn)
      .filter(([, lines]) => lines > MOST_LINES)
      .map(([found]) => `${name} ${found}`),
  )
  expect(long.toSorted()).toEqual(LONG_FUNCTIONS.toSorted())
})
