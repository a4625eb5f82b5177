// What a Redis that was away, or an answer that came late, must not do.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { freePort } from '../helpers/ports.ts'
import { startProxy } from '../helpers/proxy.ts'
import { hasRedisServer, openRedisInbox, redisServerReason, startRedis } from '../helpers/redis.ts'
import { PATIENCE } from '../helpers/patience.ts'

/** Short, as it has to run out, and far longer than this process stands still on a busy machine. */
const LEASE = 3_000
const ONE_ATTEMPT = { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } }

describe.skipIf(!hasRedisServer)(`on a Redis of its own${redisServerReason}`, () => {
  function connect(url: string): Redis {
    const redis = new Redis(url)
    onTestFinished(() => redis.disconnect())
    return redis
  }

  test('who has lost a lease and ends late does not let the key of a dead callback be forgotten', async () => {
    const server = await startRedis()
    const proxy = await startProxy(server.port)
    let mayEnd: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      mayEnd = resolve
    })
    const cutOff = openRedisInbox(`redis://127.0.0.1:${proxy.port}`, { lease: LEASE })
    const late = await startInbox(cutOff, () => gate)
    await cutOff.record(callbackOf('a'))
    await vi.waitFor(() => expect(late.runs).toEqual(['a']), PATIENCE)
    proxy.stall()
    mayEnd()
    const fails = async (): Promise<void> => {
      throw new Error('no')
    }
    const other = await startInbox(openRedisInbox(server.url, { lease: LEASE }), fails, ONE_ATTEMPT)
    await vi.waitFor(() => expect(other.events.at(-1)).toMatchObject({ type: 'dead' }), PATIENCE)
    proxy.heal()
    const lost = { type: 'error', error: { code: 'ERR_LUMA_LEASE_LOST' } }
    await vi.waitFor(() => expect(late.events.at(-1)).toMatchObject(lost), PATIENCE)
    await sleep(100)
    const redis = connect(server.url)
    const [key = ''] = await redis.keys('{luma}-seen:*')
    expect(await redis.pttl(key)).toBe(-1)
  })

  test('after a failover that leaves its connections open, it writes to the new one', async () => {
    const [before, after] = [await startRedis(), await startRedis()]
    const proxy = await startProxy(before.port)
    const inbox = openRedisInbox(`redis://127.0.0.1:${proxy.port}`)
    const { runs } = await startInbox(inbox)
    await inbox.record(callbackOf('before'))
    await vi.waitFor(() => expect(runs).toEqual(['before']), PATIENCE)
    proxy.leadTo(after.port)
    await connect(before.url).replicaof('127.0.0.1', after.port)
    // What the old one had is not the question here; the provider comes again until somebody takes it.
    await vi.waitFor(() => inbox.record(callbackOf('after')), PATIENCE)
    await vi.waitFor(() => expect(runs).toContain('after'), PATIENCE)
  })

  test('where its memory is full, what refuses a callback is told', async () => {
    const server = await startRedis()
    const inbox = openRedisInbox(server.url)
    await inbox.record(callbackOf('a'))
    const admin = connect(server.url)
    await admin.config('SET', 'maxmemory', '1mb')
    await expect(inbox.record(callbackOf('b'))).rejects.toThrow(/OOM/)
    await admin.config('SET', 'maxmemory', '0')
    await vi.waitFor(async () => expect(await inbox.record(callbackOf('b'))).toBe('recorded'), PATIENCE)
  })
})

test('an inbox whose Redis was never there closes at once', async () => {
  const inbox = openRedisInbox(`redis://127.0.0.1:${await freePort()}`, { timeout: 500 })
  await startInbox(inbox)
  await expect(inbox.record(callbackOf('a'))).rejects.toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })
  const startedAt = performance.now()
  // Ten minutes for hooks that run, of which there is none.
  await inbox.close({ timeout: 600_000 })
  expect(performance.now() - startedAt).toBeLessThan(PATIENCE.timeout)
})
