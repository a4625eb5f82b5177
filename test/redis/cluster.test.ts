import { redisDedupe, redisInbox } from '@luma-callback/redis'
import { Cluster } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { hasRedisServer, redisServerReason, startCluster } from '../helpers/redis.ts'
import { PATIENCE } from '../helpers/patience.ts'

describe.skipIf(!hasRedisServer)(`on a Redis Cluster${redisServerReason}`, () => {
  test('the inbox and the dedupe store work, and can be looked into', async () => {
    const [port = 0] = await startCluster()
    const connection = new Cluster([{ host: '127.0.0.1', port }])
    onTestFinished(() => connection.disconnect())
    const inbox = redisInbox(connection, { timeout: PATIENCE.timeout })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const { events } = await startInbox(inbox, async ({ taskId }) => {
      if (taskId === 'task-0') throw new Error('no')
    })
    const ids = Array.from({ length: 30 }, (_, index) => `task-${index}`)
    const now = Date.now()
    const record = (id: string, index: number) => inbox.record(callbackOf(id, new Date(now + index)))
    expect(new Set(await Promise.all(ids.map(record)))).toEqual(new Set(['recorded']))
    expect(await record('task-1', 1)).toBe('duplicate')
    const ended = () => events.filter(({ type }) => type === 'delivered' || type === 'dead')
    await vi.waitFor(() => expect(ended()).toHaveLength(30), PATIENCE)
    expect(await inbox.stats()).toMatchObject({ done: 29, dead: 1, seen: 30 })
    const { entries } = await inbox.list()
    expect(entries.map(({ taskId }) => taskId)).toEqual(ids.toReversed())
    expect(await inbox.requeue('task-0:success')).toBe(1)
    expect(await inbox.purge()).toBe(29)

    const dedupe = redisDedupe(connection, { timeout: PATIENCE.timeout, prefix: 'luma' })
    onTestFinished(() => dedupe.close())
    expect(await dedupe.claim({ key: 'a', holder: 'me', lease: 60_000, digest: 'digest' })).toBe('claimed')
    expect(await dedupe.claim({ key: 'a', holder: 'you', lease: 60_000, digest: 'digest' })).toBe('held')
  })
})
