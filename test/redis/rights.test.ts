// What a user of Redis has to be allowed, and no more.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { redisDedupe, redisInbox } from '@luma-callback/redis'
import { dedupeContract, inboxContract } from '@luma-callback/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { RIGHTS } from '../../packages/redis/src/rights.ts'
import { ROOT } from '../helpers/child.ts'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { hasRedisServer, openRedisInbox, redisServerReason, startRedis } from '../helpers/redis.ts'
import { runRedis, type RedisServer } from '../helpers/redis-servers.ts'

const src = join(ROOT, 'packages/redis/src')
const sources = readdirSync(src).map((file) => readFileSync(join(src, file), 'utf8'))
/** What a user may do who is told to be `luma`, by the words of the page. */
const LINE =
  readFileSync(join(ROOT, 'packages/redis/README.md'), 'utf8').match(/^ACL SETUSER [^]*?$(?=\n```)/m)?.[0] ?? ''

/** Those that a job goes through which a callback is, and what is done with it from outside. */
const SCRIPTS = [
  'addStandardJob',
  'cleanJobsInSet',
  'getCounts',
  'getStateV2',
  'moveJobFromActiveToWait',
  'moveStalledJobsToWait',
  'moveToActive',
  'moveToDelayed',
  'moveToFinished',
  'reprocessJob',
  'retryJob',
]

function commandsOfBullMQ(): string[] {
  const require = createRequire(join(ROOT, 'packages/redis/package.json'))
  const folder = join(dirname(require.resolve('bullmq')), 'scripts')
  const files = readdirSync(folder).filter(
    (file) => SCRIPTS.some((name) => file.startsWith(`${name}-`)) && file.endsWith('.js'),
  )
  expect(files).toHaveLength(SCRIPTS.length)
  // A command that comes by a variable is LPUSH or RPUSH.
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  return [...text.matchAll(/(?:call\(\s*|pushCmd = )["']([A-Za-z]+)|["']RPUSH["']/g)].map(([, name = 'RPUSH']) => name)
}

function commandsOfOurs(): string[] {
  const text = sources.join('\n')
  const inScripts = [...text.matchAll(/redis\.call\('([A-Z]+)'/g)]
  const direct = [...text.matchAll(/\b(?:redis|transaction)\.(\w+)\(/g)]
  const notCommands = new Set(['call', 'disconnect', 'off', 'on', 'once', 'info'])
  return [...inScripts, ...direct].map(([, name = '']) => name).filter((name) => !notCommands.has(name))
}

describe('the rights that are asked for', () => {
  test('are those that the scripts and the sources use, and no others', () => {
    // Looked for by a condition; by BullMQ's own classes; and by transactions.
    const besides = ['LRANGE', 'ZRANGE', 'HGETALL', 'BZPOPMIN', 'EXEC']
    const used = new Set(
      [...commandsOfBullMQ(), ...commandsOfOurs(), ...besides].map((name) => `+${name.toLowerCase()}`),
    )
    expect([...used].toSorted()).toEqual(RIGHTS.split(' '))
  })

  test('are those of the readme', () => {
    expect(LINE.replaceAll(/\s+/g, ' ')).toBe(
      `ACL SETUSER luma on >secret resetkeys resetchannels ~{luma}* -@all ${RIGHTS}`,
    )
  })
})

/** Those of an error and its causes. */
function messagesOf(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messagesOf(error.cause)] : []
}

async function makeUser(url: string, ...rules: string[]): Promise<string> {
  const admin = new Redis(url)
  await admin.call('ACL', 'SETUSER', 'luma', 'reset', 'on', '>secret', '~{luma}*', ...rules)
  admin.disconnect()
  return url.replace('redis://', 'redis://luma:secret@')
}

describe.skipIf(!hasRedisServer)(`a user with no other rights${redisServerReason}`, () => {
  let server: RedisServer
  let url = ''
  let namespaces = 0
  beforeAll(async () => {
    server = await runRedis()
    url = await makeUser(server.url, '-@all', ...RIGHTS.split(' '))
  })
  afterAll(() => server?.close())

  inboxContract({
    test,
    async setUp() {
      const options = { prefix: `{luma}-${++namespaces}`, pollInterval: 50, timeout: PATIENCE.timeout }
      return { open: () => redisInbox(url, options), tearDown: async () => {} }
    },
  })

  dedupeContract({
    test,
    async setUp() {
      const store = redisDedupe(url, { prefix: `{luma}-${++namespaces}`, timeout: PATIENCE.timeout })
      return { store, tearDown: () => store.close() }
    },
  })

  test('was refused nothing by all that', async () => {
    const admin = new Redis(server.url)
    onTestFinished(() => admin.disconnect())
    const refused = (await admin.call('ACL', 'LOG')) as unknown[][]
    const what = refused.map((entry) => String(entry[entry.indexOf('object') + 1]))
    // What it tells of itself, and how the server is: as good without.
    expect(what.filter((name) => !['client|setinfo', 'client|setname', 'info'].includes(name))).toEqual([])
    expect(what).toContain('info')
  })
})

describe.skipIf(!hasRedisServer)(`a user with fewer rights${redisServerReason}`, () => {
  test('than all but the dangerous ones is not needed', async () => {
    const { url } = await startRedis()
    const inbox = openRedisInbox(await makeUser(url, '+@all', '-@dangerous'))
    const { runs } = await startInbox(inbox)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    expect(await inbox.stats()).toMatchObject({ seen: 1 })
  })

  test.each(['watch', 'eval', 'exists', 'xadd', 'zadd'])(
    'is told which are needed, and once it has them the callback is taken: without %s',
    async (command) => {
      const { url } = await startRedis()
      const user = await makeUser(url, '-@all', ...RIGHTS.split(' '), `-${command}`)
      const inbox = openRedisInbox(user)
      const { runs } = await startInbox(inbox)
      const needed = `for the keys that begin with the prefix: ${RIGHTS}`
      await expect(inbox.record(callbackOf('a'))).rejects.toThrow(needed)
      const admin = new Redis(url)
      onTestFinished(() => admin.disconnect())
      await admin.call('ACL', 'SETUSER', 'luma', `+${command}`)
      // What was queued nevertheless is a duplicate when the provider comes again.
      await vi.waitFor(() => inbox.record(callbackOf('a')), PATIENCE)
      await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
      expect(await inbox.record(callbackOf('a'))).toBe('duplicate')
    },
  )

  test('is told so too where it may take callbacks in and not run them', async () => {
    const { url } = await startRedis()
    const inbox = openRedisInbox(await makeUser(url, '-@all', ...RIGHTS.split(' '), '-rpoplpush'))
    const { events, runs } = await startInbox(inbox)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
    const told = () => JSON.stringify(events.map((event) => (event.type === 'error' ? messagesOf(event.error) : '')))
    await vi.waitFor(() => expect(told()).toContain(RIGHTS), PATIENCE)
    expect(runs).toEqual([])
  })

  test('is told so by a dedupe store too', async () => {
    const { url } = await startRedis()
    const store = redisDedupe(await makeUser(url, '-@all'), { timeout: PATIENCE.timeout })
    onTestFinished(() => store.close())
    const claim = store.claim({ key: 'a', holder: 'me', lease: 1_000, digest: 'digest' })
    await expect(claim).rejects.toThrow(RIGHTS)
  })
})
