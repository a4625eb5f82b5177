import { memoryDedupe, type DedupeStore, type LumaSuccess } from '@luma-callback/core'
import { memoryDedupeOn } from '@luma-callback/core/internal'
import type { Claim } from '@luma-callback/core/inbox'
import { describe, expect, test, vi } from 'vitest'
import { fakeClock, settlePromises, type FakeClock } from '../helpers/clock.ts'
import { heldHook, startReceiver, verdict, verdictOf, watch, type Receiver } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

type Call = [LumaSuccess, { signal: AbortSignal }]

const down = () => Promise.reject(new Error('connection refused to db:5432'))
const brokenAtOnce = () => {
  throw new Error('connection refused to db:5432')
}
const never = () => new Promise<never>(() => {})

/** A receiver on a good store of which some methods are replaced. */
function start(broken: (store: DedupeStore, clock: FakeClock) => Partial<DedupeStore>) {
  const clock = fakeClock()
  const store = memoryDedupeOn(clock)
  const spied = Object.fromEntries(
    Object.entries({ ...store, ...broken(store, clock) }).map(([name, method]) => [name, vi.fn(method as never)]),
  ) as unknown as { [Name in Exclude<keyof DedupeStore, 'close'>]: ReturnType<typeof vi.fn<DedupeStore[Name]>> }
  const held = heldHook<Call>()
  const receiver = startReceiver({ onSuccess: held.hook, dedupe: spied }, clock)
  return { ...receiver, ...held, store, dedupe: spied }
}

/** Whether every trouble was told, with the store's own error as its cause, and nothing else. */
function expectStoreErrors({ eventsOf }: Pick<Receiver, 'eventsOf'>, times: number): void {
  const errors = eventsOf('error').map(({ error }) => error)
  expect(errors).toHaveLength(times)
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE', cause: expect.any(Error) })
  }
}

describe('a store that cannot claim', () => {
  test.each([
    ['rejects', down],
    ['throws at once', brokenAtOnce],
  ])('because it %s is answered 503, told as an error, and nothing runs', async (_, claim) => {
    const receiver = start(() => ({ claim }))
    const answer = await receiver.send(successOf())
    expect(verdict(answer)).toBe('503 store_unavailable')
    expect(answer.headers).toHaveProperty('retry-after')
    expect(answer.body).not.toContain('db:5432')
    expectStoreErrors(receiver, 1)
    expect(receiver.calls).toEqual([])
  })

  test('and comes back is used again at once, without a restart', async () => {
    let isDown = true
    const { send, succeed } = start((store) => ({ claim: (...given) => (isDown ? down() : store.claim(...given)) }))
    const sample = successOf()
    expect(await verdictOf(send(sample))).toBe('503 store_unavailable')
    isDown = false
    const answer = verdictOf(send(sample))
    await settlePromises()
    succeed()
    expect(await answer).toBe('200 received')
  })

  test('because it hangs is answered 503 at the deadline, duplicates too, and nothing runs', async () => {
    const receiver = start(() => ({ claim: never }))
    const sample = successOf()
    const answers = watch(Promise.all([verdictOf(receiver.send(sample)), verdictOf(receiver.send(sample))]))
    await receiver.clock.advance(9_999)
    expect(answers.result).toBe('pending')
    await receiver.clock.advance(1)
    expect(answers.result).toEqual(['503 store_unavailable', '503 store_unavailable'])
    expect(receiver.calls).toEqual([])
  })

  test('because it hangs keeps neither close() for long nor a request from its answer', async () => {
    const { send, handler, clock } = start(() => ({ claim: never }))
    const answer = watch(verdictOf(send(successOf())))
    await settlePromises()
    const closed = watch(handler.close({ timeout: 100 }).then(() => 'closed'))
    await clock.advance(2_000)
    expect(closed.result).toBe('closed')
    await clock.advance(8_000)
    expect(answer.result).toMatch(/^503 /)
  })

  test('in time has a claim that comes through late given back, so that the next delivery is let in', async () => {
    let letThrough = (): void => {}
    let isFirst = true
    const { send, clock, succeed, calls, dedupe } = start((store) => ({
      async claim(...given) {
        const claim = await store.claim(...given)
        if (!isFirst) return claim
        isFirst = false
        return new Promise<Claim>((resolve) => {
          letThrough = () => resolve(claim)
        })
      },
    }))
    const sample = successOf()
    const first = verdictOf(send(sample))
    await clock.advance(10_000)
    expect(await first).toBe('503 store_unavailable')
    letThrough()
    await settlePromises()
    expect(calls).toEqual([])
    expect(dedupe.release).toHaveBeenCalledOnce()
    const second = verdictOf(send(sample))
    await settlePromises()
    succeed()
    expect(await second).toBe('200 received')
    expect(calls).toHaveLength(1)
  })
})

describe('a store that cannot note that a hook is done', () => {
  test.each([
    ['rejects', down],
    ['throws at once', brokenAtOnce],
  ])('because it %s does not change the 200, is tried again, and told each time', async (_, fail) => {
    let failures = 2
    const receiver = start((store) => ({
      complete: (...given) => (failures-- > 0 ? fail() : store.complete(...given)),
    }))
    const { send, succeed, clock, dedupe, calls } = receiver
    const sample = successOf()
    const answer = verdictOf(send(sample))
    await settlePromises()
    succeed()
    expect(await answer).toBe('200 received')
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    await clock.advance(60_000)
    expect(dedupe.complete).toHaveBeenCalledTimes(3)
    expectStoreErrors(receiver, 2)
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    expect(calls).toHaveLength(1)
  })

  test('ever is given up after some tries, and leaves nothing behind', async () => {
    const receiver = start(() => ({ complete: down }))
    const answer = verdictOf(receiver.send(successOf()))
    await settlePromises()
    receiver.succeed()
    expect(await answer).toBe('200 received')
    await receiver.clock.advance(86_400_000)
    expectStoreErrors(receiver, receiver.dedupe.complete.mock.calls.length)
    await receiver.handler.close()
  })

  test('because it hangs is answered 200 by the deadline all the same, and does not keep close() for long', async () => {
    const { send, succeed, clock, handler, calls } = start(() => ({ complete: never }))
    const sample = successOf()
    const answer = watch(verdictOf(send(sample)))
    await settlePromises()
    succeed()
    await clock.advance(10_000)
    expect(answer.result).toBe('200 received')
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    expect(calls).toHaveLength(1)
    const closed = watch(handler.close({ timeout: 100 }).then(() => 'closed'))
    await clock.advance(2_000)
    expect(closed.result).toBe('closed')
  })
})

describe('a store that cannot release', () => {
  test.each([
    ['rejects', down],
    ['throws at once', brokenAtOnce],
    ['hangs', never],
  ])('because it %s does not keep the 500 of a failed hook back, and is told', async (_, release) => {
    const receiver = start(() => ({ release }))
    const answer = watch(verdictOf(receiver.send(successOf())))
    await settlePromises()
    receiver.fail()
    await receiver.clock.advance(2_000)
    expect(answer.result).toBe('500 hook_failed')
    expectStoreErrors(receiver, 1)
  })
})

describe('a claim', () => {
  test('of another process is answered 503: nobody can say yet how it ends', async () => {
    const { send, calls, eventsOf } = start(() => ({ claim: async () => 'held' }))
    expect(await verdictOf(send(successOf()))).toBe('503 in_progress')
    expect(calls).toEqual([])
    expect(eventsOf('rejected')).toMatchObject([{ reason: 'in_progress' }])
  })

  test.each([
    ['done', 'duplicate'],
    ['conflict', 'conflict'],
  ] as const)('that finds the key %s is answered 200 and told as a %s', async (claim, type) => {
    const { send, calls, eventsOf } = start(() => ({ claim: async () => claim }))
    expect(await verdictOf(send(successOf()))).toBe('200 duplicate')
    expect(calls).toEqual([])
    expect(eventsOf(type)).toHaveLength(1)
  })

  test('is made under a holder of its own each time', async () => {
    const { send, dedupe } = start(() => ({ claim: async () => 'held' }))
    for (let time = 0; time < 10; time++) await send(successOf('the same'))
    expect(new Set(dedupe.claim.mock.calls.map(([{ holder }]) => holder)).size).toBe(10)
  })

  test('is renewed while the hook of an answered callback runs, however long', async () => {
    const { send, clock, store, succeed, sample } = await answeredEarly(() => ({}))
    for (let minute = 0; minute < 9; minute++) {
      await clock.advance(60_000)
      expect(await store.claim({ key: `${sample.taskId}:success`, holder: 'another', lease: 1, digest: 'x' })).toBe(
        'held',
      )
    }
    succeed()
    await settlePromises()
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
  })

  test('that is lost aborts the hook’s signal; it is not run again here', async () => {
    const { clock, calls, eventsOf } = await answeredEarly(() => ({ renew: async () => false }))
    await clock.advance(30_000)
    expect(calls[0]?.[1].signal.reason).toMatchObject({ code: 'ERR_LUMA_LEASE_LOST' })
    await clock.advance(86_400_000)
    expect(calls).toHaveLength(1)
    expect(eventsOf('delivered')).toEqual([])
  })

  test('that could not be renewed once is told, and the hook goes on', async () => {
    let failures = 1
    const receiver = await answeredEarly((store) => ({
      renew: (...given) => (failures-- > 0 ? down() : store.renew(...given)),
    }))
    await receiver.clock.advance(60_000)
    expectStoreErrors(receiver, 1)
    expect(receiver.calls[0]?.[1].signal.aborted).toBe(false)
    receiver.succeed()
    await settlePromises()
    expect(receiver.eventsOf('delivered')).toHaveLength(1)
  })

  test.each([
    ['fail', down],
    ['throw at once', brokenAtOnce],
    ['hang', never],
  ])('whose renewals %s for longer than it lasts is told, and the hook goes on and counts', async (_, renew) => {
    const { clock, calls, succeed, eventsOf } = await answeredEarly(() => ({ renew }))
    await clock.advance(90_000)
    expect(eventsOf('error')[0]?.error.message).toContain('a claim could not be renewed')
    expect(calls.map(([, { signal }]) => signal.aborted)).toEqual([false])
    succeed()
    await settlePromises()
    expect(eventsOf('delivered')).toHaveLength(1)
  })
})

/** A callback that was answered 200 at its deadline, its hook still running. */
async function answeredEarly(broken: Parameters<typeof start>[0]) {
  const receiver = start(broken)
  const sample = successOf()
  const answer = verdictOf(receiver.send(sample))
  await receiver.clock.advance(10_000)
  expect(await answer).toBe('200 received')
  return { ...receiver, sample }
}

test.each([undefined, null, true, 'OK'])(
  'a store that answers a claim with %s is no conflict: 503, and nothing runs',
  async (claimed) => {
    const receiver = start(() => ({ claim: async () => claimed as never }))
    expect(await verdictOf(receiver.send(successOf()))).toBe('503 store_unavailable')
    expect(receiver.calls).toEqual([])
  },
)

test('a hook that is done holds no memory while the note of it hangs', async () => {
  const receiver = startReceiver({ dedupe: { ...memoryDedupe(), complete: never }, ackTimeout: 1_000 })
  const prompt = JSON.stringify({ prompt: `雪${'x'.repeat(245_000)}` })
  for (let index = 0; index < 100; index++) {
    const taskId = `large-${index}`
    const data = { taskId, promptJson: prompt, resultUrls: ['https://cdn.example/1.mp4'] }
    const answer = watch(verdictOf(receiver.send({ taskId, body: JSON.stringify({ code: 200, msg: '', data }) })))
    await receiver.clock.advance(1_000)
    expect(answer.result).toBe('200 received')
  }
})
