// What is tested here is what is published: the packages are packed, installed into an empty project outside the
// workspace, and used there. npm needs the registry for it, or a cache that has the few packages named below.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fixtures, signedHeaders } from '../helpers/signed.ts'
import { NAMES, NODES, NPM_QUIET, ourDependencies, versionOf } from './project.ts'

const ADAPTERS = ['express', 'koa']
let project = ''

const nodes = NODES.map((path) => {
  const version = versionOf(path)
  return { path, version, isTooOld: isBelow20_19(version) }
})

function isBelow20_19(version: string): boolean {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  return major < 20 || (major === 20 && minor < 19)
}

function hasSqlite(version: string): boolean {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 13)
}

/** What it prints; where it fails, an error with all that it printed. */
function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 280_000 })
  } catch (error) {
    const { message, stdout = '' } = error as { message: string; stdout?: string }
    throw new Error(`${message}\n${stdout}`, { cause: error })
  }
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'luma-callback-'))
  const dependencies = ourDependencies()
  const frameworks = { express: '5.3.0', koa: '3.3.0', typescript: '7.0.2', '@types/node': '26.6.6' }
  const manifest = {
    private: true,
    dependencies: { ...dependencies, ...frameworks },
    overrides: Object.fromEntries(Object.keys(dependencies).map((name) => [name, `$${name}`])),
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  run('npm', ['install', ...NPM_QUIET], project)
})

afterAll(() => {
  if (project) rmSync(project, { recursive: true, force: true })
})

/** A user's first program: serves, sends itself one callback, prints the answer, and ends. */
function program(adapter: string): string {
  const app = { express: 'express()', koa: 'new framework()' }[adapter] ?? ''
  const make = app.replace('express()', 'framework()')
  return `
    const app = ${make}
    const luma = lumaCallback(({ resultUrls }) => console.log('hook', resultUrls.length), { secret: 'whk_test_key_1' })
    app.use(luma)
    const server = app.listen(0, async () => {
      const url = 'http://127.0.0.1:' + server.address().port + '/luma-modify-callback'
      const answer = await fetch(url, { method: 'POST', headers: ${JSON.stringify(signedHeaders())}, body: ${JSON.stringify(fixtures.success)} })
      console.log(answer.status, await answer.text(), typeof sign)
      await luma.close()
      server.close()
      server.closeAllConnections()
    })`
}

const sqliteProgram = `
  import { createHandler } from '@luma-callback/core'
  import { sqliteInbox } from '@luma-callback/sqlite'
  try {
    const inbox = sqliteInbox(process.argv[2])
    const handler = createHandler({
      async onSuccess({ resultUrls }) {
        console.log('hook', resultUrls.length)
        void handler.close()
      },
      inbox,
      secret: 'whk_test_key_1',
    })
    const request = { method: 'POST', url: '/', headers: ${JSON.stringify(signedHeaders())}, rawBody: ${JSON.stringify(fixtures.success)} }
    const { status, body } = await handler.handle(request)
    console.log(status, body)
  } catch (error) {
    console.log(error.code)
  }`

const contractProgram = `
  import { mkdtempSync, rmSync } from 'node:fs'
  import { test } from 'node:test'
  import { sqliteInbox } from '@luma-callback/sqlite'
  import { inboxContract } from '@luma-callback/testing'
  inboxContract({
    test,
    setUp() {
      const folder = mkdtempSync('contract-')
      return { open: () => sqliteInbox(folder + '/luma.db', { pollInterval: 20 }), tearDown: () => rmSync(folder, { recursive: true }) }
    },
  })`

for (const { path, version, isTooOld } of nodes) {
  const reason = isTooOld ? ' (left out: the packages need 20.19)' : ''
  describe.skipIf(isTooOld)(`on Node ${version}${reason}`, () => suite(path, version))
}

if (process.env['LUMA_OLD_NODE'] === undefined)
  test.skip('on the first Node that has SQLite (left out: LUMA_OLD_NODE does not name a node 22.13)', () => {})

function suite(path: string, version: string): void {
  test.each(ADAPTERS)('@luma-callback/%s is used from an ES module', (adapter) => {
    const imports = `import framework from '${adapter}'\nimport { lumaCallback, sign } from '@luma-callback/${adapter}'`
    writeFileSync(join(project, `${adapter}.mjs`), imports + program(adapter))
    expect(run(path, [`${adapter}.mjs`], project)).toBe('hook 1\n200 {"status":"received"} function\n')
  })

  test.each(ADAPTERS)('@luma-callback/%s is used by require()', (adapter) => {
    const imports = `const framework = require('${adapter}')\nconst { lumaCallback, sign } = require('@luma-callback/${adapter}')`
    writeFileSync(
      join(project, `${adapter}.cjs`),
      imports.replace("require('koa')", "require('koa').default ?? require('koa')") + program(adapter),
    )
    expect(run(path, [`${adapter}.cjs`], project)).toBe('hook 1\n200 {"status":"received"} function\n')
  })

  test('@luma-callback/sqlite keeps a callback, or says which Node it needs', () => {
    writeFileSync(join(project, 'sqlite.mjs'), sqliteProgram)
    const file = join(project, `luma-${version}.db`)
    expect(run(path, ['sqlite.mjs', file], project)).toBe(
      hasSqlite(version) ? '200 {"status":"received"}\nhook 1\n' : 'ERR_LUMA_NODE_VERSION\n',
    )
  })

  if (hasSqlite(version)) {
    test('the contract of inboxes is kept by @luma-callback/sqlite, under node:test', () => {
      writeFileSync(join(project, 'contract.mjs'), contractProgram)
      expect(run(path, ['--test-reporter=tap', 'contract.mjs'], project)).toMatch(/^# pass [1-9]\d+\n# fail 0$/m)
    })
  }

  test('one signal for many waits is no leak to warn of', () => {
    const source = `
      import { createSlots, limited, pause, systemClock } from '@luma-callback/core/internal'
      process.on('warning', ({ name }) => console.log(name))
      const controller = new AbortController()
      const { signal } = controller
      const { enter } = createSlots(0)
      for (let count = 0; count < 20; count++) {
        enter(signal).catch(() => {})
        limited(signal, undefined, () => new Error(), systemClock)
        void pause(60_000, signal, systemClock)
      }
      setTimeout(() => controller.abort(), 50)`
    expect(run(path, ['--input-type=module', '--eval', source], project)).toBe('')
  })

  test('luma-callback runs, and says where a newer Node is needed', () => {
    const bin = join(project, 'node_modules/.bin/luma-callback')
    expect(run(path, [bin, '--version'], project)).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(run(path, [bin, 'simulate', '--help'], project)).toContain('--generation-time')
    const file = join(project, `cli-${version}.db`)
    writeFileSync(join(project, 'sqlite.mjs'), sqliteProgram)
    if (hasSqlite(version)) run(path, ['sqlite.mjs', file], project)
    else writeFileSync(file, 'an inbox of a newer Node')
    const { stdout, stderr } = spawnSync(path, [bin, 'inbox', 'stats', '--sqlite', file], { encoding: 'utf8' })
    if (hasSqlite(version))
      expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining('dead'), stderr: '' })
    else expect(stderr).toMatch(/^error: sqliteInbox needs Node 22\.13 or later[^\n]*\n$/)
  })

  test.each(NAMES)('importing @luma-callback/%s does nothing: the process ends by itself', (name) => {
    expect(run(path, ['--input-type=module', '--eval', `import '@luma-callback/${name}'`], project)).toBe('')
  })
}

test('the declarations compile alone, in a strict project that checks its libraries too', () => {
  const source = NAMES.map((name) => `export * as ${name} from '@luma-callback/${name}'`).join('\n')
  writeFileSync(join(project, 'all.mts'), source)
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    'false',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
  ]
  expect(run(join(project, 'node_modules/.bin/tsc'), [...flags, 'all.mts'], project)).toBe('')
})

test('each package brings its licence, its readme and its declarations, and no sources or build files', () => {
  for (const name of NAMES) {
    const files = readdirSync(join(project, 'node_modules/@luma-callback', name), { recursive: true }).map(String)
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'dist/index.js',
        'dist/index.d.ts',
        'cjs/index.js',
        'cjs/index.d.ts',
        'cjs/package.json',
      ]),
    )
    expect(files.filter((file) => /^src|\.map$|tsbuildinfo/.test(file))).toEqual([])
  }
})

test('the command line brings its licence and its readme, and nothing that only programmers need', () => {
  const files = readdirSync(join(project, 'node_modules/luma-callback'), { recursive: true }).map(String)
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/bin.js']))
  expect(files.filter((file) => /^src|\.map$|\.d\.ts$|tsbuildinfo/.test(file))).toEqual([])
})

test('no file that is published names a source map, as none is there', () => {
  for (const name of Object.keys(ourDependencies())) {
    const folder = join(project, 'node_modules', name)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /^(?!.*node_modules).*\.[cm]?[jt]s$/.test(file),
    )
    expect(files, name).not.toEqual([])
    const naming = files.filter((file) => readFileSync(join(folder, file), 'utf8').includes('sourceMappingURL='))
    expect(naming, name).toEqual([])
  }
})
