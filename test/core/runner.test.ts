import { UnrecoverableError, type LumaCallback } from '@luma-callback/core'
import type { Deliver, DeliverOptions } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { fakeStore, jobOf, startRunner } from '../helpers/jobs.ts'
import { heldHook } from '../helpers/receiver.ts'

const succeeds: Deliver = async () => {}
const fails: Deliver = async () => {
  throw new Error('no')
}
const held = () => heldHook<[LumaCallback, DeliverOptions]>()

describe('taking', () => {
  test('no more than there is room for, and more as soon as there is', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'), jobOf('b'), jobOf('c'))
    startRunner(store, hooks.hook, { concurrency: 2 })
    await settlePromises()
    expect(hooks.calls).toHaveLength(2)
    hooks.succeed()
    await settlePromises()
    expect(hooks.calls).toHaveLength(3)
    expect(store.asked[0]).toBe(2)
  })

  test('at once when it is woken', async () => {
    const store = fakeStore()
    const { runner } = startRunner(store, succeeds)
    await settlePromises()
    store.waiting.push(jobOf('late'))
    runner.wake()
    await settlePromises()
    expect(store.notes).toEqual(['complete late'])
  })

  test('within the poll interval when nobody wakes it', async () => {
    const store = fakeStore()
    const { clock } = startRunner(store, succeeds)
    await settlePromises()
    store.waiting.push(jobOf('of another process'))
    await clock.advance(499)
    expect(store.notes).toEqual([])
    await clock.advance(1)
    expect(store.notes).toEqual(['complete of another process'])
  })

  test('ever more rarely from a store that fails, but every five seconds, and as before when it is back', async () => {
    const store = fakeStore()
    store.takeFailures = Array.from({ length: 6 }, () => new Error('away'))
    const { clock, events } = startRunner(store, succeeds)
    await clock.advance(0)
    const times: number[] = []
    for (let known = 1; store.asked.length < 9; known = store.asked.length) {
      await clock.advance(500)
      if (store.asked.length > known) times.push(clock.now())
    }
    expect(times).toEqual([500, 1_500, 3_500, 7_500, 12_500, 17_500, 22_500, 23_000])
    expect(events).toHaveLength(6)
    expect(events[0]).toMatchObject({ type: 'error', error: { code: 'ERR_LUMA_STORE_UNAVAILABLE' } })
  })
})

describe('a run', () => {
  test('is given what was recorded', async () => {
    const hooks = held()
    const source = { ...jobOf('a').source, query: { order: '7' }, receivedAt: new Date(123), key: 'a key' }
    startRunner(fakeStore(jobOf('a', { source, attempt: 3 })), hooks.hook)
    await settlePromises()
    expect(hooks.calls[0]?.[0]).toMatchObject({ ...source, taskId: 'a', outcome: 'success' })
    expect(hooks.calls[0]?.[1]).toMatchObject({ attempt: 3 })
  })

  test('that is done is written down as done, and only then told', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a'))
    const { clock, events } = startRunner(store, hooks.hook)
    await clock.advance(70)
    expect(store.notes).toEqual([])
    hooks.succeed()
    await settlePromises()
    expect(store.notes).toEqual(['complete a'])
    expect(events).toMatchObject([{ type: 'delivered', attempt: 1, duration: 70 }])
  })

  test.each([
    [1, 750],
    [2, 1_500],
    [3, 3_000],
    [4, 3_750],
  ])(
    'that fails for the %i. time is tried again, after a pause that doubles up to the longest',
    async (attempt, delay) => {
      const store = fakeStore(jobOf('a', { attempt }))
      const { events } = startRunner(store, fails)
      await settlePromises()
      expect(store.notes).toEqual([`retry a in ${delay}: Error: no`])
      expect(events).toMatchObject([{ type: 'retrying', attempt, delay, by: 'inbox' }])
    },
  )

  test('that fails for the last time is buried', async () => {
    const store = fakeStore(jobOf('a', { attempt: 5 }))
    const { events } = startRunner(store, fails)
    await settlePromises()
    expect(store.notes).toEqual(['bury a: Error: no'])
    expect(events).toMatchObject([{ type: 'dead', attempt: 5, error: { message: 'no' } }])
  })

  test('that cannot ever succeed is buried at once', async () => {
    const store = fakeStore(jobOf('a'))
    startRunner(store, async () => {
      throw new UnrecoverableError('no such order')
    })
    await settlePromises()
    expect(store.notes).toEqual(['bury a: UnrecoverableError: no such order [ERR_LUMA_UNRECOVERABLE]'])
  })

  test('that was cut off before says so, and counts as it did then', async () => {
    const { events } = startRunner(fakeStore(jobOf('a', { attempt: 2, crashes: 1, isRecovered: true })), succeeds)
    await settlePromises()
    expect(events).toMatchObject([
      { type: 'recovered', attempt: 2 },
      { type: 'delivered', attempt: 2 },
    ])
  })

  test('is not begun for what was running at four crashes', async () => {
    const hooks = held()
    const store = fakeStore(jobOf('a', { crashes: 4, isRecovered: true }))
    const { events } = startRunner(store, hooks.hook)
    await settlePromises()
    expect(hooks.calls).toEqual([])
    expect(store.notes).toEqual([expect.stringContaining('bury a: UnrecoverableError: 4 processes ended')])
    expect(events).toMatchObject([{ type: 'dead' }])
  })

  test('is not begun for what can no longer be read: it is told and buried', async () => {
    const store = fakeStore(jobOf('a', { source: { ...jobOf('a').source, raw: '{"code":' } }), jobOf('b'))
    const { events } = startRunner(store, succeeds)
    await settlePromises()
    expect(store.notes).toEqual(expect.arrayContaining(['complete b', expect.stringMatching(/^bury a: Invalid/)]))
    expect(events).toContainEqual(expect.objectContaining({ type: 'error' }))
  })

  test('has only so much of a long error kept', async () => {
    const store = fakeStore(jobOf('a'))
    startRunner(store, async () => {
      throw new Error('x'.repeat(1e6))
    })
    await settlePromises()
    expect(store.notes[0]?.length).toBeLessThan(2_100)
  })
})
