import { LeaseLostError, type LumaCallback } from '@luma-callback/core'
import type { Deliver, DeliverOptions } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { fakeStore, jobOf, startRunner } from '../helpers/jobs.ts'
import { heldHook, watch } from '../helpers/receiver.ts'

const succeeds: Deliver = async () => {}
const held = () => heldHook<[LumaCallback, DeliverOptions]>()

describe('the lease', () => {
  test('is renewed at each third while the hook runs, and not after', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    const { clock } = startRunner(store, hooks.hook)
    await clock.advance(9_999)
    expect(store.notes).toEqual([])
    await clock.advance(20_001)
    expect(store.notes).toEqual(['renew a', 'renew a', 'renew a'])
    hooks.succeed()
    await clock.advance(60_000)
    expect(store.notes.slice(3)).toEqual(['complete a'])
  })

  test('that is lost aborts the signal and is told; what is still ours of it is given back', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    store.answers = [false]
    const { clock, events } = startRunner(store, async (callback, options) => {
      await Promise.race([
        hooks.hook(callback, options),
        new Promise((_resolve, reject) => {
          options.signal.addEventListener('abort', () => reject(options.signal.reason as Error))
        }),
      ])
    })
    await clock.advance(60_000)
    expect(hooks.calls[0]?.[1].signal.reason).toBeInstanceOf(LeaseLostError)
    expect(store.notes).toEqual(['renew a', 'give back a'])
    expect(events).toMatchObject([{ type: 'error', error: { code: 'ERR_LUMA_LEASE_LOST' }, taskId: 'a' }])
  })

  test.each([3_600_000, -3_600_000])(
    'is not lost by a clock that is set, by %d ms, and is renewed as before',
    async (by) => {
      const hooks = held()
      const store = fakeStore(jobOf('a'))
      let isAway = false
      let answer: (isOurs: boolean) => void = () => {}
      const renew = () => (isAway ? new Promise<boolean>((resolve) => (answer = resolve)) : Promise.resolve(true))
      const { clock } = startRunner({ ...store, renew }, hooks.hook)
      isAway = true
      await clock.advance(10_000)
      clock.set(by)
      await clock.advance(10_000)
      expect(hooks.calls[0]?.[1].signal.aborted).toBe(false)
      answer(true)
      await settlePromises()
      answer = () => {}
      await clock.advance(10_000)
      answer(false)
      await settlePromises()
      expect(hooks.calls[0]?.[1].signal.reason).toBeInstanceOf(LeaseLostError)
      hooks.succeed()
    },
  )

  test('that was lost unnoticed is told when the run ends, which is not done then', async () => {
    const store = fakeStore(jobOf('a'))
    store.answers = [false]
    const { events } = startRunner(store, succeeds)
    await settlePromises()
    expect(events).toMatchObject([{ type: 'error', error: { code: 'ERR_LUMA_LEASE_LOST' } }])
  })

  test('is held, and the hook not run again, until the store takes the note that it is done', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    const { clock, events } = startRunner(store, hooks.hook)
    await settlePromises()
    store.answers = [new Error('away'), new Error('still away')]
    hooks.succeed()
    await clock.advance(10_000)
    expect(store.notes).toEqual(['complete a', 'complete a', 'complete a'])
    expect(hooks.calls).toHaveLength(1)
    expect(events.map(({ type }) => type)).toEqual(['error', 'error', 'delivered'])
  })
})

describe('closing', () => {
  test('waits for what runs, and takes nothing more', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    const { runner, clock } = startRunner(store, hooks.hook)
    await settlePromises()
    const closed = watch(runner.close())
    store.waiting.push(jobOf('b'))
    await clock.advance(19_000)
    expect(closed.result).toBe('pending')
    hooks.succeed()
    await settlePromises()
    expect(closed.result).toBeUndefined()
    expect(store.notes.at(-1)).toBe('complete a')
    expect(store.waiting).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('gives back what it cuts off, which has not counted', async () => {
    const store = fakeStore(jobOf('a'))
    const { runner, clock, events } = startRunner(store, (_callback, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    })
    await settlePromises()
    const closed = watch(runner.close({ timeout: 5_000 }))
    await clock.advance(5_000)
    expect(closed.result).toBeUndefined()
    expect(store.notes).toEqual(['give back a'])
    expect(events).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('ends even if the store does not answer any more', async () => {
    const store = Object.assign(fakeStore(), { take: () => new Promise<never>(() => {}) })
    const { runner, clock } = startRunner(store, succeeds)
    const closed = watch(runner.close({ timeout: 1_000 }))
    await clock.advance(3_000)
    expect(closed.result).toBeUndefined()
    expect(clock.pending).toBe(0)
  })

  test('gives back what was just being taken', async () => {
    let give = (_jobs: readonly ReturnType<typeof jobOf>[]) => {}
    const hooks = held()
    const store = fakeStore()
    const taking = Object.assign(store, {
      take: () =>
        new Promise<readonly ReturnType<typeof jobOf>[]>((resolve) => {
          give = resolve
        }),
    })
    const { runner, clock } = startRunner(taking, (callback, options) => {
      options.signal.throwIfAborted()
      return hooks.hook(callback, options)
    })
    const closed = watch(runner.close())
    give([jobOf('a')])
    await settlePromises()
    expect(closed.result).toBeUndefined()
    expect(hooks.calls).toEqual([])
    expect(store.notes).toEqual(['give back a'])
    expect(clock.pending).toBe(0)
  })
})
