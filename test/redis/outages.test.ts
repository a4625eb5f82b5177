// What a Redis that was away, or an answer that came late, must not do.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { startProxy } from '../helpers/proxy.ts'
import { hasRedisServer, openRedisInbox, redisServerReason, startRedis } from '../helpers/redis.ts'

const PATIENCE = { timeout: 30_000, interval: 20 }
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
    const cutOff = openRedisInbox(`redis://127.0.0.1:${proxy.port}`, { lease: 1_000 })
    const late = await startInbox(cutOff, () => gate)
    await cutOff.record(callbackOf('a'))
    await vi.waitFor(() => expect(late.runs).toEqual(['a']), PATIENCE)
    proxy.stall()
    mayEnd()
    const fails = async (): Promise<void> => {
      throw new Error('no')
    }
    const other = await startInbox(openRedisInbox(server.url, { lease: 1_000 }), fails, ONE_ATTEMPT)
    await vi.waitFor(() => expect(other.events.at(-1)).toMatchObject({ type: 'dead' }), PATIENCE)
    proxy.heal()
    const lost = { type: 'error', error: { code: 'ERR_LUMA_LEASE_LOST' } }
    await vi.waitFor(() => expect(late.events.at(-1)).toMatchObject(lost), PATIENCE)
    await sleep(100)
    const redis = connect(server.url)
    const [key = ''] = await redis.keys('{luma}-seen:*')
    expect(await redis.pttl(key)).toBe(-1)
  }, 60_000)
})
