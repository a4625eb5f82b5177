import { UnrecoverableError, type LumaSuccess } from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { count, heldHook, startReceiver, verdictOf, watch } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

const revoked = Proxy.revocable({}, {})
revoked.revoke()
const hostile = {
  get message(): string {
    throw new Error('a getter threw')
  },
  get stack(): string {
    throw new Error('a getter threw')
  },
  toJSON(): never {
    throw new Error('toJSON threw')
  },
  toString(): never {
    throw new Error('toString threw')
  },
}

/** Hooks throw whatever they like. */
function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown
  }
}

const failing: [string, () => unknown][] = [
  ['throws at once', throwing(new Error('at once'))],
  ['rejects', () => Promise.reject(new Error('later'))],
  ['throws null', throwing(null)],
  ['throws undefined', throwing(undefined)],
  ['throws a text', throwing('no')],
  ['throws a symbol', throwing(Symbol('no'))],
  ['throws a bigint', throwing(5n)],
  ['throws a function', throwing(() => {})],
  ['throws an object whose getters throw', throwing(hostile)],
  ['throws an object without a prototype', throwing(Object.create(null))],
  ['throws a revoked proxy', throwing(revoked.proxy)],
  // oxlint-disable-next-line unicorn/no-thenable
  ['returns a thenable that throws', () => ({ then: throwing(new Error('then threw')) })],
  [
    'returns a thenable that rejects',
    // oxlint-disable-next-line unicorn/no-thenable
    () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(new Error('then rejected')) }),
  ],
  ['returns what throws when asked for then', () => new Proxy({}, { get: throwing(new Error('x')) })],
  ['throws an UnrecoverableError', throwing(new UnrecoverableError('no order'))],
]

describe('a hook that fails before the answer', () => {
  test.each(failing)('because it %s is answered 500 at once; the next delivery runs it again', async (_, fail) => {
    let runs = 0
    const { send, clock, events } = startReceiver({ onSuccess: () => (++runs === 1 ? fail() : undefined) })
    const sample = successOf()
    const answer = watch(verdictOf(send(sample)))
    await settlePromises()
    const { result } = answer
    // Lets what hangs come to its end, so that the failure above is the one that is told.
    if (result === 'pending') await clock.advance(3_600_000)
    expect(result).toBe('500 hook_failed')
    expect(events).toMatchObject([
      { type: 'received' },
      { type: 'retrying', attempt: 1, by: 'provider' },
      { type: 'rejected', status: 500, reason: 'hook_failed' },
    ])
    expect(clock.pending).toBe(0)
    expect(await verdictOf(send(sample))).toBe('200 received')
    expect(runs).toBe(2)
  })

  test('is answered without its reason, which goes to the observer', async () => {
    const { send, eventsOf } = startReceiver({ onSuccess: throwing(new Error('hunter2')) })
    const answer = await send(successOf())
    expect(JSON.stringify(answer)).not.toContain('hunter2')
    expect(eventsOf('retrying')[0]?.error.message).toBe('hunter2')
  })

  test('takes all who wait for it along, and runs once for them', async () => {
    const { hook, calls, fail } = heldHook<[LumaSuccess]>()
    const { send } = startReceiver({ onSuccess: hook })
    const sample = successOf()
    const answers = Promise.all(Array.from({ length: 20 }, () => verdictOf(send(sample))))
    await settlePromises()
    fail()
    expect(count(await answers)).toEqual({ '500 hook_failed': 20 })
    expect(calls).toHaveLength(1)
  })

  test('because it never settles has its signal aborted after hookTimeout', async () => {
    const { hook, calls } = heldHook<[LumaSuccess, { signal: AbortSignal }]>()
    const { send, clock, eventsOf } = startReceiver({ onSuccess: hook, hookTimeout: 5_000 })
    const answer = watch(verdictOf(send(successOf())))
    await clock.advance(4_999)
    expect(calls[0]?.[1].signal.aborted).toBe(false)
    await clock.advance(1)
    expect(calls[0]?.[1].signal.reason).toMatchObject({ code: 'ERR_LUMA_HOOK_TIMEOUT' })
    expect(answer.result).toBe('500 hook_failed')
    expect(eventsOf('retrying')[0]?.error).toMatchObject({ code: 'ERR_LUMA_HOOK_TIMEOUT' })
  })

  test.each(['succeed', 'fail'] as const)('by its timeout is not heard any more when it goes on to %s', async (end) => {
    const held = heldHook<[LumaSuccess]>()
    const { send, clock, events } = startReceiver({ onSuccess: held.hook, hookTimeout: 5_000 })
    const sample = successOf()
    const first = verdictOf(send(sample))
    await clock.advance(5_000)
    expect(await first).toBe('500 hook_failed')
    const before = events.length
    held[end]()
    await settlePromises()
    expect(events).toHaveLength(before)
    const second = verdictOf(send(sample))
    await settlePromises()
    held.succeed()
    expect(await second).toBe('200 received')
  })
})
