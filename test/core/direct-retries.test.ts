import { UnrecoverableError, type LumaSuccess } from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { fakeClock, settlePromises, type FakeClock } from '../helpers/clock.ts'
import { heldHook, startReceiver, verdictOf, watch } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

type Call = [LumaSuccess, { attempt: number; signal: AbortSignal }]

/** A callback that was answered 200 at its deadline, its hook still running. */
async function answeredEarly(options: Parameters<typeof startReceiver>[0] = {}, clock = fakeClock()) {
  const held = heldHook<Call>()
  const receiver = startReceiver({ onSuccess: held.hook, ...options }, clock)
  const sample = successOf()
  const answer = verdictOf(receiver.send(sample))
  await clock.advance(options.ackTimeout ?? 10_000)
  expect(await answer).toBe('200 received')
  expect(held.calls).toHaveLength(1)
  return { ...receiver, ...held, sample }
}

function clockThatDraws(random: number): FakeClock {
  return Object.assign(fakeClock(), { random: () => random })
}

describe('the deadline', () => {
  test('is answered 200 while the hook runs on, not a moment before', async () => {
    const { hook, succeed } = heldHook<Call>()
    const { send, clock, events } = startReceiver({ onSuccess: hook })
    const answer = watch(verdictOf(send(successOf())))
    await clock.advance(9_999)
    expect(answer.result).toBe('pending')
    await clock.advance(1)
    expect(answer.result).toBe('200 received')
    await clock.advance(60_000)
    succeed()
    await settlePromises()
    expect(events.map(({ type }) => type)).toEqual(['received', 'delivered'])
    expect(events[1]).toMatchObject({ attempt: 1, duration: 70_000 })
  })

  test('is what ackTimeout says', async () => {
    const { succeed } = await answeredEarly({ ackTimeout: 300 })
    succeed()
    await settlePromises()
  })

  test('counts from the arrival of the request, so that a slow check leaves less for the hook', async () => {
    const { hook, succeed } = heldHook<Call>()
    const clock = fakeClock()
    const verify = () => new Promise<void>((resolve) => clock.setTimeout(resolve, 4_000))
    const { send } = startReceiver({ onSuccess: hook, verify }, clock)
    const answer = watch(verdictOf(send(successOf())))
    await clock.advance(9_999)
    expect(answer.result).toBe('pending')
    await clock.advance(1)
    expect(answer.result).toBe('200 received')
    succeed()
    await settlePromises()
  })

  test('answers 200 for what still waits for a place, and runs it later', async () => {
    const held = heldHook<Call>()
    const { send, clock, eventsOf } = startReceiver({ onSuccess: held.hook, concurrency: 1 })
    const answers = Promise.all([verdictOf(send(successOf('a'))), verdictOf(send(successOf('b')))])
    await clock.advance(10_000)
    expect(await answers).toEqual(['200 received', '200 received'])
    expect(held.calls).toHaveLength(1)
    held.succeed()
    await settlePromises()
    expect(held.calls).toHaveLength(2)
    held.succeed()
    await settlePromises()
    expect(eventsOf('delivered')).toHaveLength(2)
  })
})

describe('a hook that fails after the 200', () => {
  test.each([
    [0, [500, 1_000, 2_000, 4_000]],
    [0.5, [750, 1_500, 3_000, 6_000]],
    [1, [1_000, 2_000, 4_000, 8_000]],
  ])(
    'is run again after pauses that double, half of each at random (%d), and is dead after five',
    async (random, pauses) => {
      const { calls, clock, events, fail } = await answeredEarly({}, clockThatDraws(random))
      fail()
      await settlePromises()
      for (const [index, delay] of pauses.entries()) {
        expect(events.at(-1)).toMatchObject({ type: 'retrying', by: 'inbox', attempt: index + 1, delay })
        await clock.advance(delay - 1)
        expect(calls).toHaveLength(index + 1)
        await clock.advance(1)
        expect(calls).toHaveLength(index + 2)
        fail()
        await settlePromises()
      }
      expect(events.at(-1)).toMatchObject({ type: 'dead', attempt: 5, error: { message: 'the hook failed' } })
      await clock.advance(86_400_000)
      expect(calls.map(([, { attempt }]) => attempt)).toEqual([1, 2, 3, 4, 5])
    },
  )

  test('is run as often as retry.attempts says, and waits no longer than retry.maxDelay', async () => {
    const retry = { attempts: 3, minDelay: 100, maxDelay: 120 }
    const { clock, eventsOf, fail } = await answeredEarly({ retry }, clockThatDraws(1))
    for (let attempt = 1; attempt <= 3; attempt++) {
      fail()
      await clock.advance(120)
    }
    expect(eventsOf('retrying').map((event) => 'delay' in event && event.delay)).toEqual([100, 120])
    expect(eventsOf('dead')).toMatchObject([{ attempt: 3 }])
  })

  test('is delivered when a later attempt succeeds, and then not run again', async () => {
    const { calls, clock, events, fail, succeed, send, sample } = await answeredEarly()
    fail()
    await clock.advance(1_000)
    expect(calls).toHaveLength(2)
    succeed()
    await settlePromises()
    expect(events.at(-1)).toMatchObject({ type: 'delivered', attempt: 2 })
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    expect(calls).toHaveLength(2)
  })

  test('is dead at once when it throws an UnrecoverableError', async () => {
    const { calls, clock, eventsOf, fail } = await answeredEarly()
    fail(new UnrecoverableError('no order'))
    await clock.advance(86_400_000)
    expect(eventsOf('retrying')).toEqual([])
    expect(eventsOf('dead')).toMatchObject([{ attempt: 1, error: { code: 'ERR_LUMA_UNRECOVERABLE' } }])
    expect(calls).toHaveLength(1)
  })

  test('because it never settles is run again when it had hookTimeout once more to end, its signal aborted', async () => {
    const { calls, clock, eventsOf, succeed } = await answeredEarly()
    await clock.advance(590_000)
    expect(calls[0]?.[1].signal.reason).toMatchObject({ code: 'ERR_LUMA_HOOK_TIMEOUT' })
    await clock.advance(750)
    expect(calls).toHaveLength(1)
    await clock.advance(600_000)
    expect(calls).toHaveLength(2)
    expect(calls[1]?.[1].signal.aborted).toBe(false)
    succeed()
    succeed()
    await settlePromises()
    expect(eventsOf('delivered')).toMatchObject([{ attempt: 2 }])
  })

  test('and is dead leaves its key free: what the provider sends again is run', async () => {
    const { calls, eventsOf, fail, succeed, send, sample } = await answeredEarly({ retry: { attempts: 1 } })
    fail()
    await settlePromises()
    expect(eventsOf('dead')).toHaveLength(1)
    const again = verdictOf(send(sample))
    await settlePromises()
    succeed()
    expect(await again).toBe('200 received')
    expect(calls).toHaveLength(2)
  })

  test('gives its place to others while it waits', async () => {
    const { calls, fail, succeed, send, clock } = await answeredEarly({ concurrency: 1 })
    fail()
    await settlePromises()
    const other = verdictOf(send(successOf()))
    await settlePromises()
    succeed()
    expect(await other).toBe('200 received')
    await clock.advance(750)
    expect(calls.map(([, { attempt }]) => attempt)).toEqual([1, 1, 2])
    succeed()
    await settlePromises()
  })
})

describe('a duplicate of what was answered 200 and still runs', () => {
  test('waits, and is told 503 at its own deadline: the provider comes back', async () => {
    const { clock, send, sample, calls, succeed } = await answeredEarly()
    await clock.advance(5_000)
    const again = watch(verdictOf(send(sample)))
    await clock.advance(9_999)
    expect(again.result).toBe('pending')
    await clock.advance(1)
    expect(again.result).toBe('503 in_progress')
    succeed()
    await settlePromises()
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    expect(calls).toHaveLength(1)
  })

  test('is told 200 as soon as the hook is done', async () => {
    const { clock, send, sample, succeed, calls } = await answeredEarly()
    const again = watch(verdictOf(send(sample)))
    await clock.advance(3_000)
    expect(again.result).toBe('pending')
    succeed()
    await settlePromises()
    expect(again.result).toBe('200 duplicate')
    expect(calls).toHaveLength(1)
  })

  test('waits over the retries as well, and never runs beside them', async () => {
    const { clock, send, sample, fail, succeed, calls } = await answeredEarly()
    const again = verdictOf(send(sample))
    fail()
    await clock.advance(1_000)
    expect(calls).toHaveLength(2)
    succeed()
    expect(await again).toBe('200 duplicate')
    expect(calls).toHaveLength(2)
  })

  test('is handled as new when the first ends up dead while it waits', async () => {
    const { send, sample, fail, succeed, calls, eventsOf } = await answeredEarly({ retry: { attempts: 1 } })
    const again = verdictOf(send(sample))
    await settlePromises()
    fail()
    await settlePromises()
    expect(eventsOf('dead')).toHaveLength(1)
    expect(calls).toHaveLength(2)
    succeed()
    expect(await again).toBe('200 received')
  })
})
