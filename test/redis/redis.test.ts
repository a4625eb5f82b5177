import { redisDedupe, redisInbox } from '@luma-callback/redis'
import { Queue } from 'bullmq'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import {
  hasRedis,
  hasRedisServer,
  openRedisInbox,
  redisNamespace,
  redisReason,
  redisServerReason,
  startRedis,
} from '../helpers/redis.ts'
import { PATIENCE } from '../helpers/patience.ts'

describe('options', () => {
  test.each([
    ['no connection', undefined],
    ['a port alone', '6379'],
    ['another protocol', 'http://127.0.0.1'],
    ['an object of another kind', {}],
  ])('%s is a TypeError', (_name, connection) => {
    for (const make of [redisInbox, redisDedupe]) {
      expect(() => make(connection as string)).toThrow(TypeError)
      expect(() => make(connection as string)).toThrow(/redis:\/\//)
    }
  })

  test.each([
    ['prefix', ''],
    ['prefix', 'with space'],
    ['prefix', 7],
    ['timeout', 0],
    ['timeout', 1.5],
    ['lease', 999],
    ['lease', '15s'],
    ['pollInterval', 2 ** 31],
    ['colour', 'red'],
  ])('a wrong or unknown one is a TypeError that names it: %s %j', (name, value) => {
    expect(() => redisInbox('redis://127.0.0.1', { [name]: value })).toThrow(TypeError)
    expect(() => redisInbox('redis://127.0.0.1', { [name]: value })).toThrow(`"${name}"`)
  })

  test('a connection that BullMQ cannot work with is a TypeError that says what to do', () => {
    const prefixed = new Redis({ lazyConnect: true, keyPrefix: 'shop:' })
    expect(() => redisInbox(prefixed)).toThrow(TypeError)
    expect(() => redisInbox(prefixed)).toThrow(/keyPrefix.*"prefix"/)
    const cluster = new Cluster([], { lazyConnect: true })
    expect(() => redisInbox(cluster, { prefix: 'luma' })).toThrow(TypeError)
    expect(() => redisInbox(cluster, { prefix: 'luma' })).toThrow(/braces/)
    for (const connection of [prefixed, cluster]) connection.disconnect()
  })
})

describe.skipIf(!hasRedis)(`on a Redis${redisReason}`, () => {
  async function setUp() {
    const { url, prefix, tearDown } = await redisNamespace()
    onTestFinished(tearDown)
    return { url, prefix, open: (options = {}) => openRedisInbox(url, { prefix, ...options }) }
  }

  test('an idle worker is woken by a callback that another process recorded', async () => {
    const { open } = await setUp()
    // With such a poll, only a waking can be in time.
    const idle = await startInbox(open({ pollInterval: 600_000 }))
    const recorder = open()
    for (let round = 0; round < 5; round++) {
      await recorder.record(callbackOf(`task-${round}`))
      await vi.waitFor(() => expect(idle.runs).toHaveLength(round + 1), PATIENCE)
    }
  })

  test('what is dead is requeued though ids without a job are in front of it', async () => {
    const { url, prefix, open } = await setUp()
    const inbox = open()
    let runs = 0
    const failsOnce = () => (++runs === 1 ? Promise.reject(new Error('no')) : Promise.resolve())
    await startInbox(inbox, failsOnce, { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ dead: 1 }), PATIENCE)
    const redis = new Redis(url)
    onTestFinished(() => redis.disconnect())
    const ghosts = Array.from({ length: 1_001 }, (_, index) => [0, `ghost ${index}`]).flat()
    await redis.zadd(`${prefix}:luma-callbacks:failed`, ...(ghosts as string[]))
    expect(await inbox.requeue()).toBe(1)
    await vi.waitFor(() => expect(runs).toBe(2), PATIENCE)
  })

  test('a connection that was passed in is neither used up nor closed', async () => {
    const { url, prefix } = await setUp()
    const connection = new Redis(url)
    onTestFinished(() => connection.disconnect())
    const inbox = redisInbox(connection, { prefix, timeout: PATIENCE.timeout })
    const dedupe = redisDedupe(connection, { prefix, timeout: PATIENCE.timeout })
    const { runs } = await startInbox(inbox)
    await inbox.record(callbackOf('a'))
    await dedupe.claim({ key: 'a', holder: 'me', lease: 1_000, digest: 'digest' })
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    await Promise.all([inbox.close(), dedupe.close()])
    expect(await connection.ping()).toBe('PONG')
  })

  test('a dashboard shows whose callback a job is, and why it failed', async () => {
    const { url, prefix, open } = await setUp()
    const inbox = open()
    const { events } = await startInbox(
      inbox,
      async () => {
        throw new Error('no such order')
      },
      { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } },
    )
    await inbox.record(callbackOf('task-1'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    const queue = new Queue('luma-callbacks', { connection: new Redis(url, { maxRetriesPerRequest: null }), prefix })
    const [job] = await queue.getFailed()
    expect(job).toMatchObject({ name: 'success of task task-1', failedReason: 'Error: no such order', attemptsMade: 1 })
    expect(job?.stacktrace).toEqual(['Error: no such order'])
    const connection = await queue.getBackend().client
    await queue.close()
    connection.disconnect()
  })

  test('a job that somebody retries from a dashboard is delivered again', async () => {
    const { url, prefix, open } = await setUp()
    const inbox = open()
    let isMended = false
    const { events } = await startInbox(
      inbox,
      async () => {
        if (!isMended) throw new Error('not yet')
      },
      { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } },
    )
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    isMended = true
    const connection = new Redis(url, { maxRetriesPerRequest: null })
    const queue = new Queue('luma-callbacks', { connection, prefix })
    await queue.retryJobs({ state: 'failed' })
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead', 'delivered']), PATIENCE)
    await queue.close()
    connection.disconnect()
  })

  test('a requeue forgets the crashes before it, also which of them was the latest to be told', async () => {
    const { url, prefix, open } = await setUp()
    const inbox = open()
    const fails = async (): Promise<void> => {
      throw new Error('no')
    }
    const { events } = await startInbox(inbox, fails, { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    await inbox.close()
    const connection = new Redis(url, { maxRetriesPerRequest: null })
    onTestFinished(() => connection.disconnect())
    const queue = new Queue('luma-callbacks', { connection, prefix })
    const [job] = await queue.getFailed()
    const key = queue.toKey(job?.id ?? '')
    await connection.hset(key, 'stc', 3, 'luma:stc', 3)
    expect(await open().requeue('a:success')).toBe(1)
    expect(await connection.hmget(key, 'stc', 'luma:stc')).toEqual([null, null])
    await queue.close()
  })

  test('what somebody else puts into the queue is dead, told, and in the way of nothing', async () => {
    const { url, prefix, open } = await setUp()
    const inbox = open()
    await inbox.record(callbackOf('before'))
    const connection = new Redis(url, { maxRetriesPerRequest: null })
    onTestFinished(() => connection.disconnect())
    const queue = new Queue('luma-callbacks', { connection, prefix })
    for (const data of [{ foo: 1 }, null, 'text']) await queue.add('other', data)
    await queue.close()
    await inbox.record(callbackOf('after'))
    const { events, runs } = await startInbox(inbox)
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ done: 2, dead: 3 }), PATIENCE)
    expect(runs.toSorted()).toEqual(['after', 'before'])
    const told = events.flatMap((event) => (event.type === 'error' ? [event.error.message] : []))
    expect(told).toHaveLength(3)
    for (const message of told)
      expect(message).toMatch(
        /^the stored callback job \S+ cannot be read, so it is dead: job \S+ of the queue luma-callbacks is no callback/,
      )
    const { entries } = await inbox.list()
    expect(entries.map(({ taskId }) => taskId)).toEqual(['after', 'before'])
  })

  test('a key is remembered when its job is long gone, and forgotten after its retention', async () => {
    const { url, prefix, open } = await setUp()
    const inbox = open()
    const retention = 600_000
    const { events } = await startInbox(inbox, undefined, { retention })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events).toHaveLength(1), PATIENCE)
    expect(await inbox.purge()).toBe(1)
    expect(await inbox.record(callbackOf('a'))).toBe('duplicate')
    const redis = new Redis(url)
    onTestFinished(() => redis.disconnect())
    const [key = ''] = await redis.keys(`${prefix}-seen:*`)
    const left = await redis.pttl(key)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(retention)
    // The rest of it passes.
    await redis.pexpire(key, 1)
    await vi.waitFor(async () => expect(await inbox.record(callbackOf('a'))).toBe('recorded'), PATIENCE)
    await vi.waitFor(() => expect(events).toHaveLength(2), PATIENCE)
  })

  test('a key that is forgotten while its job is kept to be looked at is a new callback, and runs', async () => {
    const { open } = await setUp()
    const inbox = open()
    const { runs } = await startInbox(inbox, undefined, { retention: 500 })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    await vi.waitFor(async () => expect(await inbox.record(callbackOf('a'))).toBe('recorded'), PATIENCE)
    await vi.waitFor(() => expect(runs).toEqual(['a', 'a']), PATIENCE)
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ pending: 0, done: 1 }), PATIENCE)
  })

  test('a connection whose numbers come as texts serves like any other', async () => {
    const { url, prefix } = await setUp()
    const connection = new Redis(url, { stringNumbers: true })
    onTestFinished(() => connection.disconnect())
    const inbox = redisInbox(connection, { prefix, timeout: PATIENCE.timeout })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const { events } = await startInbox(inbox)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['delivered']), PATIENCE)
  })

  test('what has not been done is remembered for as long as that takes', async () => {
    const { open } = await setUp()
    const inbox = open()
    const { events } = await startInbox(
      inbox,
      async () => {
        throw new Error('never')
      },
      { retention: 1, retry: { attempts: 1, minDelay: 1, maxDelay: 1 } },
    )
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await inbox.record(callbackOf('a'))).toBe('duplicate')
  })
})

describe.skipIf(!hasRedisServer)(`a warning${redisServerReason}`, () => {
  test('is given once where Redis may lose what was answered 200, and not where it does not', async () => {
    const server = await startRedis()
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    onTestFinished(() => void process.off('warning', listen))
    const safe = openRedisInbox(server.url)
    await startInbox(safe)
    await safe.record(callbackOf('a'))
    const admin = new Redis(server.url)
    onTestFinished(() => admin.disconnect())
    await admin.config('SET', 'appendonly', 'no')
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await startInbox(openRedisInbox(server.url))
    await vi.waitFor(() => expect(warnings.filter((text) => text.startsWith('redisInbox'))).toHaveLength(1), PATIENCE)
    expect(warnings.find((text) => text.startsWith('redisInbox'))).toMatch(/appendonly yes.*allkeys-lru/)
  })
})

describe.skipIf(!hasRedisServer)(`on a Redis of its own${redisServerReason}`, () => {
  test('every key begins with the prefix', async () => {
    const { url } = await startRedis()
    const inbox = openRedisInbox(url, { prefix: '{shop}' })
    const { events } = await startInbox(inbox)
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events).toHaveLength(1), PATIENCE)
    const redis = new Redis(url)
    onTestFinished(() => redis.disconnect())
    const keys = await redis.keys('*')
    expect(keys.length).toBeGreaterThan(3)
    expect(keys.filter((key) => !key.startsWith('{shop}'))).toEqual([])
  })

  test('a server that has forgotten its scripts loses nothing', async () => {
    const server = await startRedis()
    const inbox = openRedisInbox(server.url)
    const { events } = await startInbox(inbox)
    await inbox.record(callbackOf('before'))
    const admin = new Redis(server.url)
    await admin.script('FLUSH')
    admin.disconnect()
    await vi.waitFor(() => inbox.record(callbackOf('after')), PATIENCE)
    await vi.waitFor(
      () =>
        expect(events.map((event) => event.type === 'delivered' && event.callback.taskId)).toEqual(['before', 'after']),
      PATIENCE,
    )
  })
})
