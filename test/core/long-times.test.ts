import { createHandler } from '@luma-callback/core'
import type { Clock } from '@luma-callback/core/inbox'
import { limited, LONGEST_TIMER, pause, within, createHandlerOn } from '@luma-callback/core/internal'
import { describe, expect, test } from 'vitest'
import { fakeClock, settlePromises, type FakeClock } from '../helpers/clock.ts'

const MONTH = 30 * 24 * 60 * 60_000

/** A clock whose timers are the platform's: what is longer than they keep fires at once. */
function platformClock(): FakeClock {
  const clock = fakeClock()
  const setTimeout: Clock['setTimeout'] = (callback, delay) =>
    clock.setTimeout(callback, delay > LONGEST_TIMER ? 1 : delay)
  return Object.assign(Object.create(clock) as FakeClock, { setTimeout })
}

/** What has become of a promise so far. */
function watched(promise: Promise<unknown>): { state: string } {
  const watch = { state: 'waits' }
  promise.then(
    () => (watch.state = 'over'),
    (error: Error) => (watch.state = error.message),
  )
  return watch
}

const late = () => new Error('late')

describe('a time that is longer than a timer keeps', () => {
  test.each([
    ['pause', (delay: number, clock: Clock) => pause(delay, new AbortController().signal, clock), 'over'],
    ['within', (delay: number, clock: Clock) => within(() => new Promise(() => {}), delay, late, clock), 'late'],
    [
      'limited',
      (delay: number, clock: Clock) =>
        new Promise((_, reject) => {
          const { signal } = limited(undefined, delay, late, clock)
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
      'late',
    ],
  ])('%s waits for it, and for ever if it is infinite', async (_, wait, end) => {
    const clock = platformClock()
    const month = watched(wait(MONTH, clock))
    const forEver = watched(wait(Infinity, clock))
    await clock.advance(MONTH - 1)
    expect(month.state).toBe('waits')
    await clock.advance(1)
    expect(month.state).toBe(end)
    await clock.advance(12 * MONTH)
    expect(forEver.state).toBe('waits')
  })

  test('an abort ends a long pause, and nothing is left behind', async () => {
    const clock = platformClock()
    const abort = new AbortController()
    const long = watched(pause(MONTH, abort.signal, clock))
    await clock.advance(LONGEST_TIMER + 1)
    abort.abort()
    await settlePromises()
    expect(long.state).toBe('over')
    expect(clock.pending).toBe(0)
  })

  test('waitFor waits for it', async () => {
    const clock = platformClock()
    const handler = createHandlerOn(clock, { onSuccess: () => {}, verify: () => true })
    const waiting = watched(handler.waitFor('t', { timeout: LONGEST_TIMER + 5_000 }))
    await clock.advance(60_000)
    expect(waiting.state).toBe('waits')
    await handler.close()
  })
})

test.each([NaN, -1, 0, '5'])('waitFor refuses the timeout %o', async (timeout) => {
  const handler = createHandler({ onSuccess: () => {}, verify: () => true })
  const waiting = handler.waitFor('t', { timeout: timeout as number })
  await expect(waiting).rejects.toThrow(
    new TypeError('waitFor: option "timeout" must be a number above 0, in milliseconds'),
  )
  await handler.close()
})
