import { createHash, hash } from 'node:crypto'
import { memoryDedupe, type DedupeStore } from '@luma-callback/core'
import { memoryDedupeOn } from '@luma-callback/core/internal'
import type { Claim } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../helpers/clock.ts'

const LEASE = 30_000
const RETENTION = 60_000

function start(options: { max?: number } = {}): { store: DedupeStore; clock: FakeClock } {
  const clock = fakeClock()
  return { store: memoryDedupeOn(clock, options), clock }
}

/** Claims and completes a key, as a callback does whose hook went well. */
async function handle(store: DedupeStore, key: string, digest = 'x'): Promise<Claim> {
  const claim = await store.claim({ key, holder: `holder of ${key}`, lease: LEASE, digest })
  await store.complete({ key, holder: `holder of ${key}`, retention: RETENTION })
  return claim
}

describe('a claim', () => {
  test('of a key that nobody holds is granted, and to no one else while it lasts', async () => {
    const { store, clock } = start()
    expect(await store.claim({ key: 'k', holder: 'a', lease: LEASE, digest: 'x' })).toBe('claimed')
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('held')
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'other content' })).toBe('held')
    expect(await store.claim({ key: 'other', holder: 'b', lease: LEASE, digest: 'x' })).toBe('claimed')
    await clock.advance(LEASE - 1)
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('held')
  })

  test('made again by its holder is granted', async () => {
    const { store } = start()
    await store.claim({ key: 'k', holder: 'a', lease: LEASE, digest: 'x' })
    expect(await store.claim({ key: 'k', holder: 'a', lease: LEASE, digest: 'x' })).toBe('claimed')
  })

  test('made by a thousand at once is granted to one', async () => {
    const { store } = start()
    const claims = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => store.claim({ key: 'k', holder: `${n}`, lease: LEASE, digest: 'x' })),
    )
    expect(claims.filter((claim) => claim === 'claimed')).toHaveLength(1)
    expect(claims.filter((claim) => claim === 'held')).toHaveLength(999)
  })

  test('of what is done is told so, or that the content is another', async () => {
    const { store } = start()
    await handle(store, 'k', 'x')
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'y' })).toBe('conflict')
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
  })

  test('of what was released is granted, with another content too', async () => {
    const { store } = start()
    await store.claim({ key: 'k', holder: 'a', lease: LEASE, digest: 'x' })
    await store.release({ key: 'k', holder: 'a' })
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'y' })).toBe('claimed')
  })

  test('is granted to another when the lease has run out, and then lost to the first', async () => {
    const { store, clock } = start()
    await store.claim({ key: 'k', holder: 'a', lease: LEASE, digest: 'x' })
    await clock.advance(LEASE)
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('claimed')
    expect(await store.renew({ key: 'k', holder: 'a', lease: LEASE })).toBe(false)
    await store.complete({ key: 'k', holder: 'a', retention: RETENTION })
    await store.release({ key: 'k', holder: 'a' })
    expect(await store.claim({ key: 'k', holder: 'c', lease: LEASE, digest: 'x' })).toBe('held')
  })

  test('lasts another lease from each renewal', async () => {
    const { store, clock } = start()
    await store.claim({ key: 'k', holder: 'a', lease: LEASE, digest: 'x' })
    for (let time = 0; time < 10; time++) {
      await clock.advance(LEASE - 1)
      expect(await store.renew({ key: 'k', holder: 'a', lease: LEASE })).toBe(true)
      expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('held')
    }
  })
})

describe('who does not hold a key', () => {
  test.each(['renew', 'complete', 'release'] as const)('changes nothing by %s', async (method) => {
    const { store } = start()
    await store.claim({ key: 'held', holder: 'a', lease: LEASE, digest: 'x' })
    await handle(store, 'done')
    for (const key of ['held', 'done', 'unknown']) {
      const told = await store[method]({ key, holder: 'b', lease: LEASE, retention: RETENTION })
      expect(told).toBe(method === 'renew' ? false : undefined)
    }
    expect(await store.claim({ key: 'held', holder: 'b', lease: LEASE, digest: 'x' })).toBe('held')
    expect(await store.claim({ key: 'done', holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
    expect(await store.claim({ key: 'unknown', holder: 'b', lease: LEASE, digest: 'x' })).toBe('claimed')
  })

  test('is its holder too, once it is done or released', async () => {
    const { store } = start()
    await handle(store, 'k')
    await store.release({ key: 'k', holder: 'holder of k' })
    expect(await store.renew({ key: 'k', holder: 'holder of k', lease: LEASE })).toBe(false)
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
  })
})

describe('what is done', () => {
  test('is remembered for the retention, and not a moment longer', async () => {
    const { store, clock } = start()
    await handle(store, 'k')
    await clock.advance(RETENTION - 1)
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
    await clock.advance(1)
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'y' })).toBe('claimed')
  })

  test('is forgotten oldest first when there are more than max', async () => {
    const { store } = start({ max: 3 })
    for (const key of ['1', '2', '3', '4', '5']) await handle(store, key)
    for (const key of ['3', '4', '5'])
      expect(await store.claim({ key, holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
    for (const key of ['1', '2'])
      expect(await store.claim({ key, holder: 'b', lease: LEASE, digest: 'x' })).toBe('claimed')
  })

  test('again after it had expired counts from then', async () => {
    const { store, clock } = start({ max: 2 })
    await handle(store, 'k')
    await clock.advance(RETENTION)
    await handle(store, 'k')
    await handle(store, 'other')
    expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
  })

  test('never pushes out what is held', async () => {
    const { store } = start({ max: 2 })
    const held = Array.from({ length: 100 }, (_, index) => `held ${index}`)
    for (const key of held) await store.claim({ key, holder: 'a', lease: LEASE, digest: 'x' })
    for (let index = 0; index < 100; index++) await handle(store, `done ${index}`)
    for (const key of held) expect(await store.claim({ key, holder: 'b', lease: LEASE, digest: 'x' })).toBe('held')
    for (const key of held) expect(await store.renew({ key, holder: 'a', lease: LEASE })).toBe(true)
  })

  test('stays bounded over 300 000 callbacks, and a recent one is still known', async () => {
    const { store } = start({ max: 1_000 })
    const key = (index: number) => `task-${index}:success`
    for (let index = 0; index < 300_000; index++) await handle(store, key(index))
    for (let index = 299_000; index < 300_000; index++) {
      expect(await store.claim({ key: key(index), holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
    }
    for (const index of [0, 1, 150_000, 298_999]) {
      expect(await store.claim({ key: key(index), holder: 'b', lease: LEASE, digest: 'x' })).toBe('claimed')
    }
  })
})

describe('a key', () => {
  test('of a megabyte is told from another that differs at its end', async () => {
    const { store } = start()
    const long = 'k'.repeat(2 ** 20)
    expect(await handle(store, `${long}a`)).toBe('claimed')
    expect(await handle(store, `${long}b`)).toBe('claimed')
    expect(await store.claim({ key: `${long}a`, holder: 'c', lease: LEASE, digest: 'x' })).toBe('done')
  })

  test('is no other key’s hash', async () => {
    const { store } = start()
    const long = 'k'.repeat(300)
    await handle(store, long)
    expect(
      await store.claim({
        key: createHash('sha256').update(long).digest('hex'),
        holder: 'b',
        lease: LEASE,
        digest: 'x',
      }),
    ).toBe('claimed')
  })

  test.each(['__proto__', 'constructor', '', '\u0000', 'a:b', '🎬'])('may be %j', async (key) => {
    const { store } = start()
    expect(await handle(store, key)).toBe('claimed')
    expect(await store.claim({ key, holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
  })
})

test.each([0, -1, 1.5, Number.NaN, Infinity, '5'])('max cannot be %s', (max) => {
  expect(() => memoryDedupe({ max: max as number })).toThrow(/option "max"/)
})

test('the clock of the process is used when none is given', async () => {
  const store = memoryDedupe()
  expect(await handle(store, 'k')).toBe('claimed')
  expect(await store.claim({ key: 'k', holder: 'b', lease: LEASE, digest: 'x' })).toBe('done')
})

test('asks for no timers', async () => {
  const { store, clock } = start()
  await handle(store, 'k')
  expect(clock.pending).toBe(0)
})

test.each([
  ['a short key', 'short'],
  ['a long one, which is kept as its hash', 'x'.repeat(100)],
])('the hash of %s is a key of its own', async (_what, key) => {
  const store = memoryDedupe()
  const hashed = hash('sha256', Buffer.from(key, 'utf16le'))
  for (const one of [key, hashed]) {
    expect(await store.claim({ key: one, holder: one, lease: 60_000, digest: 'x' })).toBe('claimed')
  }
})
