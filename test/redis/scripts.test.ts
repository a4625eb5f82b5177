// Redis forgets scripts: by SCRIPT FLUSH, a restart, or a failover. Each is sent again.
import { redisDedupe } from '@luma-callback/redis'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE, untilAtLeast } from '../helpers/patience.ts'
import { hasRedisServer, openRedisInbox, redisServerReason, startRedis } from '../helpers/redis.ts'

describe.skipIf(!hasRedisServer)(`a Redis that forgets its scripts again and again${redisServerReason}`, () => {
  /** It does so as often as it can, from now to the end of the test. */
  async function startForgetful() {
    const { url } = await startRedis()
    const admin = new Redis(url)
    const isOver = new AbortController()
    let flushes = 0
    const flushing = (async () => {
      for (; !isOver.signal.aborted; flushes++)
        await admin.call('SCRIPT', 'FLUSH', flushes % 2 === 0 ? 'SYNC' : 'ASYNC')
    })()
    onTestFinished(async () => {
      isOver.abort()
      await flushing
      admin.disconnect()
    })
    return { url, admin, flushes: () => flushes }
  }

  test('takes 500 callbacks, refuses none, and their hooks run once', async () => {
    const { url, flushes } = await startForgetful()
    const inboxes = [openRedisInbox(url), openRedisInbox(url)]
    const mayFail = new Set(Array.from({ length: 50 }, (_, index) => `task-${index * 10}`))
    const working = await Promise.all(
      inboxes.map((inbox) =>
        startInbox(inbox, async ({ taskId }, { attempt }) => {
          if (mayFail.has(taskId) && attempt === 1) throw new Error('not yet')
        }),
      ),
    )
    const ids = Array.from({ length: 500 }, (_, index) => `task-${index}`)
    const answers: string[] = []
    // Some alone, some together with others.
    for (let first = 0; first < ids.length; first += 7) {
      const some = ids.slice(first, first + 7).map((id, index) => inboxes[index % 2]!.record(callbackOf(id)))
      answers.push(...(await Promise.all(some)))
    }
    expect(answers).toEqual(ids.map(() => 'recorded'))
    const events = () => working.flatMap((one) => one.events)
    await untilAtLeast(ids.length, () => events().filter(({ type }) => type === 'delivered').length)
    const runs = working.flatMap((one) => one.runs)
    expect(runs.toSorted()).toEqual([...ids, ...mayFail].toSorted())
    expect(new Set(events().map(({ type }) => type))).toEqual(new Set(['delivered', 'retrying']))
    expect(await inboxes[0]!.record(callbackOf('task-1'))).toBe('duplicate')
    expect(await inboxes[0]!.stats()).toMatchObject({ done: 500, seen: 500 })
    expect(flushes()).toBeGreaterThan(10)
  })

  test('lets what is looked into and sent back be so', async () => {
    const { url } = await startForgetful()
    const inbox = openRedisInbox(url)
    let isMended = false
    const hook = async (): Promise<void> => {
      if (!isMended) throw new Error('no')
    }
    const { events } = await startInbox(inbox, hook, { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } })
    const ids = Array.from({ length: 20 }, (_, index) => `task-${index}`)
    for (const id of ids) await inbox.record(callbackOf(id))
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'dead')).toHaveLength(20), PATIENCE)
    isMended = true
    expect((await inbox.list()).entries).toHaveLength(20)
    expect(await inbox.get('task-1:success')).toMatchObject({ state: 'dead' })
    expect(await inbox.requeue()).toBe(20)
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'delivered')).toHaveLength(20), PATIENCE)
    expect(await inbox.purge()).toBe(20)
  })

  test('serves a dedupe store', async () => {
    const { url } = await startForgetful()
    const store = redisDedupe(url, { timeout: PATIENCE.timeout })
    onTestFinished(() => store.close())
    for (let round = 0; round < 100; round++) {
      const claim = (holder: string) => store.claim({ key: `key-${round}`, holder, lease: 60_000, digest: 'digest' })
      const claims = await Promise.all([claim('me'), claim('you')])
      expect(claims.toSorted()).toEqual(['claimed', 'held'])
      const holder = claims[0] === 'claimed' ? 'me' : 'you'
      expect(await store.renew({ key: `key-${round}`, holder, lease: 60_000 })).toBe(true)
      await store.complete({ key: `key-${round}`, holder, retention: 60_000 })
      expect(await claim('another')).toBe('done')
    }
  })
})
