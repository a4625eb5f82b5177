import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { ROOT, startChild } from '../helpers/child.ts'
import { temporaryFolder } from '../helpers/inboxes.ts'
import { freePort } from '../helpers/ports.ts'

const STARTER = fileURLToPath(new URL('starter.ts', import.meta.url))
const IN_THREAD = `import { isMainThread } from 'node:worker_threads'\n`
const STARTED = 'started\nanswered 200\n'

/** What the starter says when the environment brings these options along. */
async function start(options: readonly string[], folder: string, env: Record<string, string> = {}): Promise<string> {
  const child = startChild(STARTER, [join(folder, 'luma.db')], { NODE_OPTIONS: options.join(' '), ...env })
  await child.ended
  return child.output()
}

/** Files that a program loads before itself. */
function write(folder: string, files: Record<string, string>): (name: string) => string {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return (name) => pathToFileURL(join(folder, name)).href
}

// Each process has several of them: what any of them does to the thread is in what the process says.
test('the thread runs no preload of the program: one may throw in a thread, end it, or open a port of its own', async () => {
  const folder = temporaryFolder()
  const urlOf = write(folder, {
    'throws.mjs': `${IN_THREAD}if (!isMainThread) throw new Error('throws.mjs')`,
    'ends.mjs': `${IN_THREAD}if (!isMainThread) process.exit(3)`,
    'port.mjs': `import { createServer } from 'node:net'
      createServer().listen(Number(process.env.AGENT_PORT), '127.0.0.1').unref()`,
    'throws.cjs': `if (!require('node:worker_threads').isMainThread) throw new Error('throws.cjs')`,
  })
  const imports = ['throws.mjs', 'ends.mjs', 'port.mjs'].map((name) => `--import=${urlOf(name)}`)
  const options = ['--max-old-space-size=500', '--no-warnings', ...imports, `--require=${join(folder, 'throws.cjs')}`]
  expect(await start(options, folder, { AGENT_PORT: String(await freePort()) })).toBe(STARTED)
})

test('one may never end in a thread', async () => {
  const folder = temporaryFolder()
  const urlOf = write(folder, {
    'waits.mjs': `${IN_THREAD}if (!isMainThread) await new Promise(() => setInterval(() => {}, 1_000))`,
    'loops.cjs': `if (!require('node:worker_threads').isMainThread) for (;;);`,
  })
  expect(await start([`--import=${urlOf('waits.mjs')}`, `--require=${join(folder, 'loops.cjs')}`], folder)).toBe(
    STARTED,
  )
})

test('nor does it ask a loader of the program, however that is registered', async () => {
  const folder = temporaryFolder()
  const refuse = `(url, context, next) {
    if (url.endsWith('/sqlite/cjs/thread.js')) throw new Error('the loader refuses it')
    return next(url, context)
  }`
  const urlOf = write(folder, {
    'loader.mjs': `export async function load${refuse}`,
    'register.mjs': `import { register } from 'node:module'\nregister('./loader.mjs?again', import.meta.url)`,
    'hooks.mjs': `import { registerHooks } from 'node:module'\nregisterHooks({ load${refuse} })`,
  })
  const imports = ['register.mjs', 'hooks.mjs'].map((name) => `--import=${urlOf(name)}`)
  expect(await start(['--no-warnings', `--experimental-loader=${urlOf('loader.mjs')}`, ...imports], folder)).toBe(
    STARTED,
  )
})

test('a thread that cannot start says why, to who starts the receiver and in the event of each callback', async () => {
  // As in a bundle that has the package in it, and not the file that its thread runs.
  const folder = temporaryFolder()
  const packages = join(folder, 'node_modules/@luma-callback')
  mkdirSync(packages, { recursive: true })
  symlinkSync(join(ROOT, 'packages/core'), join(packages, 'core'))
  cpSync(join(ROOT, 'packages/sqlite'), join(packages, 'sqlite'), {
    recursive: true,
    filter: (source) => !/\/(?:node_modules|src)$/.test(source),
  })
  for (const build of ['cjs', 'dist']) rmSync(join(packages, 'sqlite', build, 'thread.js'))
  mkdirSync(join(folder, 'test/sqlite'), { recursive: true })
  cpSync(STARTER, join(folder, 'test/sqlite/starter.ts'))
  cpSync(join(ROOT, 'test/helpers/signed.ts'), join(folder, 'test/helpers/signed.ts'))
  cpSync(join(ROOT, 'test/fixtures'), join(folder, 'test/fixtures'), { recursive: true })
  const child = startChild(join(folder, 'test/sqlite/starter.ts'), [join(folder, 'luma.db')])
  expect(await child.ended, child.output()).toBe(0)
  const why =
    /the inbox could not be started: the thread that writes \S+luma\.db could not start: Cannot find module \S+thread\.js/
  const [notStarted, event, answered] = child.output().split('\n')
  expect(notStarted).toMatch(new RegExp(`^not started: ${why.source}`))
  expect(event).toMatch(new RegExp(`^event: ${why.source}`))
  expect(answered).toBe('answered 503')
})
