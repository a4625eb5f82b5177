import type { LumaSuccess } from '@luma-callback/core'
import { memoryDedupeOn } from '@luma-callback/core/internal'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fakeClock, settlePromises } from '../helpers/clock.ts'
import { heldHook, startReceiver, verdictOf } from '../helpers/receiver.ts'
import { failureOf, successOf } from '../helpers/signed.ts'

function startTwo() {
  const clock = fakeClock()
  const dedupe = memoryDedupeOn(clock)
  const held = heldHook<[LumaSuccess, { signal: AbortSignal }]>()
  const options = { onSuccess: held.hook, dedupe, hookTimeout: 2 ** 31 - 1 }
  return { ...held, clock, one: startReceiver(options, clock), two: startReceiver(options, clock) }
}

describe('two receivers that share a store', () => {
  test('run a hook once: the second is busy while the first runs, and has a duplicate when it is done', async () => {
    const { one, two, succeed, calls } = startTwo()
    const sample = successOf()
    const first = verdictOf(one.send(sample))
    await settlePromises()
    expect(await verdictOf(two.send(sample))).toBe('503 in_progress')
    succeed()
    expect(await first).toBe('200 received')
    expect(await verdictOf(two.send(sample))).toBe('200 duplicate')
    expect(calls).toHaveLength(1)
  })

  test('take over from each other what failed', async () => {
    const { one, two, fail, succeed, calls } = startTwo()
    const sample = successOf()
    const first = verdictOf(one.send(sample))
    await settlePromises()
    fail()
    expect(await first).toBe('500 hook_failed')
    const second = verdictOf(two.send(sample))
    await settlePromises()
    succeed()
    expect(await second).toBe('200 received')
    expect(calls).toHaveLength(2)
  })

  test('never run it at the same time nor after it was done, whatever happens in whatever order', async () => {
    const step = fc.constantFrom('send to one', 'send to two', 'succeed', 'fail', 'one second', 'a minute')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const { clock, one, two, calls, succeed, fail } = startTwo()
        const sample = successOf()
        const answers: Promise<string>[] = []
        let ended = 0
        let done = 0
        const isRunning = () => calls.length > ended
        const end = (finish: () => void): void => {
          finish()
          ended++
        }
        for (const next of steps) {
          if (next === 'send to one') answers.push(verdictOf(one.send(sample)))
          if (next === 'send to two') answers.push(verdictOf(two.send(sample)))
          if (next === 'succeed' && isRunning()) {
            end(succeed)
            done++
          }
          if (next === 'fail' && isRunning()) end(fail)
          await clock.advance({ 'one second': 1_000, 'a minute': 60_000 }[next as string] ?? 0)
          expect(calls.length - ended).toBeLessThanOrEqual(1)
          if (done > 0) expect(isRunning()).toBe(false)
        }
        // Whatever waits for a retry comes up within five minutes.
        await clock.advance(300_000)
        while (isRunning()) {
          end(succeed)
          done++
          await clock.advance(300_000)
        }
        const verdicts = await Promise.all(answers)
        expect(done).toBeLessThanOrEqual(1)
        if (done === 0) expect(verdicts.filter((told) => told === '200 duplicate')).toEqual([])
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 150 },
    )
  })
})

/** Not a promise, but taken for one where it is awaited. */
const rejecting = {
  // oxlint-disable-next-line unicorn/no-thenable
  then: (_: unknown, reject: (error: Error) => void) => reject(new Error('x')),
}

describe('an observer', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('the observer failed')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the observer failed'))],
  ])('that %s harms nothing but is complained about', async (_, observe) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { send } = startReceiver({ observe })
    const sample = successOf()
    expect(await verdictOf(send(sample))).toBe('200 received')
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    expect(await verdictOf(send(failureOf()))).toBe('200 received')
    await settlePromises()
    expect(printed).toHaveBeenCalledWith(expect.stringContaining('the observer failed'))
  })

  test.each([
    [
      'throws what cannot be written',
      () => {
        throw Object.create(null)
      },
    ],
    ['rejects with what cannot be written', () => Promise.reject(Object.create(null))],
    ['returns a thenable that rejects', () => rejecting],
  ])('that %s harms nothing either', async (_, observe) => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { send } = startReceiver({ observe })
    expect(await verdictOf(send(successOf()))).toBe('200 received')
    await settlePromises()
  })
})
