import type { LumaCallback } from '@luma-callback/core'
import type { Deliver, DeliverOptions, Job } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { createDeliver } from '../../packages/core/src/hooks/deliver.ts'
import { settlePromises } from '../helpers/clock.ts'
import { fakeStore, jobOf, startRunner, type StartedRunner } from '../helpers/jobs.ts'
import { heldHook, watch } from '../helpers/receiver.ts'

const succeeds: Deliver = async () => {}
const held = () => heldHook<[LumaCallback, DeliverOptions]>()
const hangs = () => new Promise<never>(() => {})

/** A runner whose hooks are run as the handler has them run, given a minute. */
function startWithHook(store: ReturnType<typeof fakeStore>, hook: () => unknown): StartedRunner {
  const started = startRunner(store, (callback, options) => deliver(callback, options))
  const { clock, events } = started
  const emit = (event: (typeof events)[number]) => void events.push(event)
  const deliver = createDeliver({
    onSuccess: hook,
    onFailure: undefined,
    trust: undefined,
    hookTimeout: 60_000,
    emit,
    clock,
  })
  return started
}

describe('a hook', () => {
  test('that does not end in time has failed, and is tried again', async () => {
    const store = fakeStore(jobOf('a'))
    const { clock, events } = startWithHook(store, hangs)
    await clock.advance(59_999)
    expect(events).toEqual([])
    await clock.advance(1)
    expect(events).toMatchObject([{ type: 'retrying', attempt: 1, error: { code: 'ERR_LUMA_HOOK_TIMEOUT' } }])
    expect(store.notes.at(-1)).toMatch(/^retry a in 750: HookTimeoutError/)
  })

  test('that heeds no signal holds up no close, and is given back', async () => {
    const store = fakeStore(jobOf('a'))
    const { runner, clock } = startWithHook(store, hangs)
    await settlePromises()
    const closed = watch(runner.close({ timeout: 5_000 }))
    await clock.advance(4_999)
    expect(closed.result).toBe('pending')
    await clock.advance(1)
    expect(closed.result).toBeUndefined()
    expect(store.notes).toEqual(['give back a'])
    expect(clock.pending).toBe(0)
  })

  test.each([
    [0, [500, 1_000, 2_000, 2_500]],
    [0.999, [1_000, 1_999, 3_998, 4_998]],
  ])('that fails waits at least half of the pause, and the other half at random (%d)', async (random, delays) => {
    const store = fakeStore(...delays.map((_delay, index) => jobOf(`${index + 1}`, { attempt: index + 1 })))
    const { clock } = startRunner(store, async () => {
      throw new Error('no')
    })
    Object.assign(clock, { random: () => random })
    await settlePromises()
    expect(store.notes).toEqual(delays.map((delay, index) => `retry ${index + 1} in ${delay}: Error: no`))
  })
})

describe('taking', () => {
  test('never lets more run at once than there are slots, however many wait', async () => {
    const store = fakeStore(...Array.from({ length: 20 }, (_, index) => jobOf(`${index}`)))
    let running = 0
    let most = 0
    const { clock } = startRunner(
      store,
      async () => {
        most = Math.max(most, ++running)
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, 10 * running))
        running--
      },
      { concurrency: 3 },
    )
    await clock.advance(1_000)
    expect(most).toBe(3)
    expect(store.notes.filter((note) => note.startsWith('complete'))).toHaveLength(20)
  })

  test('is done again at once when it was woken while it looked', async () => {
    let answer = (_jobs: Job[]) => {}
    const store = fakeStore()
    const slow = Object.assign(store, {
      take: () =>
        new Promise<Job[]>((resolve) => {
          answer = resolve
        }),
    })
    const { runner } = startRunner(slow, succeeds)
    runner.wake()
    answer([])
    await settlePromises()
    answer([jobOf('a')])
    await settlePromises()
    expect(store.notes).toEqual(['complete a'])
    const closed = runner.close()
    answer([])
    await closed
  })
})

describe('a lease that cannot be renewed', () => {
  test('once is told, and the hook runs on', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    store.answers = [new Error('away')]
    const { clock, events } = startRunner(store, hooks.hook)
    await clock.advance(60_000)
    expect(hooks.calls[0]?.[1].signal.aborted).toBe(false)
    expect(events).toMatchObject([{ type: 'error', error: { code: 'ERR_LUMA_STORE_UNAVAILABLE' } }])
    hooks.succeed()
    await settlePromises()
    expect(store.notes.at(-1)).toBe('complete a')
  })

  test('for longer than it holds is still ours if the store says so: the hook runs on, and its success counts', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    store.answers = Array.from({ length: 9 }, () => new Error('away'))
    const { clock, events } = startRunner(store, hooks.hook)
    await clock.advance(95_000)
    expect(hooks.calls[0]?.[1].signal.aborted).toBe(false)
    hooks.succeed()
    await settlePromises()
    expect(store.notes.at(-1)).toBe('complete a')
    expect(events.at(-1)).toMatchObject({ type: 'delivered', attempt: 1 })
  })

  test('is lost at the first answer that says so, however long there was none: the signal aborts', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    store.answers = [...Array.from({ length: 9 }, () => new Error('away')), false]
    const { clock, events } = startRunner(store, hooks.hook)
    await clock.advance(99_999)
    expect(hooks.calls[0]?.[1].signal.aborted).toBe(false)
    await clock.advance(1)
    expect(hooks.calls[0]?.[1].signal.reason).toMatchObject({ code: 'ERR_LUMA_LEASE_LOST' })
    store.answers = [false]
    hooks.succeed()
    await clock.advance(60_000)
    expect(store.notes.slice(10)).toEqual(['complete a'])
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'ERR_LUMA_LEASE_LOST' } })
  })

  test('because its renewal hangs is asked for again after a lease, and that is told', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    const answers: ((isOurs: boolean) => void)[] = []
    const renew = () => new Promise<boolean>((resolve) => answers.push(resolve))
    const { clock, events } = startRunner({ ...store, renew }, hooks.hook)
    await clock.advance(39_999)
    expect([answers.length, events.length]).toEqual([1, 0])
    await clock.advance(1)
    expect(answers).toHaveLength(2)
    expect(events).toMatchObject([{ type: 'error', error: { cause: { message: 'no answer within 30000 ms' } } }])
    answers[1]?.(true)
    await settlePromises()
    expect(hooks.calls[0]?.[1].signal.aborted).toBe(false)
    // The next one is due a third after the answered one, which the late answer of the first does not change.
    answers[0]?.(true)
    await clock.advance(10_000)
    expect(answers).toHaveLength(3)
    hooks.succeed()
  })

  test('and is answered "lost" after the run has ended aborts nothing', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    let answer: (isOurs: boolean) => void = () => {}
    const renew = () => new Promise<boolean>((resolve) => (answer = resolve))
    const { clock } = startRunner({ ...store, renew }, hooks.hook)
    await clock.advance(10_000)
    hooks.succeed()
    await settlePromises()
    answer(false)
    await settlePromises()
    expect(hooks.calls[0]?.[1].signal.aborted).toBe(false)
  })
})

describe('a note that the store does not take', () => {
  test('of a success keeps the lease until it does, and runs nothing twice', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    let isAway = true
    const { complete } = store
    store.complete = async (job) => {
      if (isAway) throw new Error('away')
      return complete(job)
    }
    const { clock, events } = startRunner(store, hooks.hook)
    await settlePromises()
    hooks.succeed()
    await clock.advance(35_000)
    expect(store.notes).toEqual(['renew a', 'renew a', 'renew a'])
    isAway = false
    await clock.advance(5_000)
    expect(store.notes.at(-1)).toBe('complete a')
    expect(hooks.calls).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ type: 'delivered', attempt: 1 })
  })

  test('of a failure is written as soon as it does, and told only then', async () => {
    const store = fakeStore(jobOf('a'))
    store.answers = [new Error('away')]
    const { clock, events } = startRunner(store, async () => {
      throw new Error('no')
    })
    await settlePromises()
    expect(events.map(({ type }) => type)).toEqual(['error'])
    await clock.advance(1_000)
    expect(store.notes).toHaveLength(2)
    expect(events.map(({ type }) => type)).toEqual(['error', 'retrying'])
  })

  test('holds up no close for longer than two seconds past its timeout', async () => {
    const store = Object.assign(fakeStore(jobOf('a')), { giveBack: async () => Promise.reject(new Error('away')) })
    const { runner, clock } = startWithHook(store, hangs)
    await settlePromises()
    const closed = watch(runner.close({ timeout: 1_000 }))
    await clock.advance(2_999)
    expect(closed.result).toBe('pending')
    await clock.advance(1)
    expect(closed.result).toBeUndefined()
    expect(clock.pending).toBe(0)
  })
})
