// Whatever happens to callbacks in direct mode, what was counted for them is given back.
import { UnrecoverableError, type DedupeStore } from '@luma-callback/core'
import type { Deliver } from '@luma-callback/core/inbox'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBudget } from '../../packages/core/src/direct/budget.ts'
import { directInbox } from '../../packages/core/src/direct/inbox.ts'
import { weighCallback } from '../../packages/core/src/callback/weigh.ts'
import { fakeClock, settlePromises } from '../helpers/clock.ts'
import { callbackOf } from '../helpers/inboxes.ts'
import { heldHook } from '../helpers/receiver.ts'

const never = () => new Promise<never>(() => {})

describe('on a random schedule in direct mode', () => {
  const failing = () => Promise.reject(new Error('connection refused'))
  const ends = fc.constantFrom('well', 'badly', 'never' as const)
  const storeSteps = fc.record({
    claim: fc.constantFrom('claimed', 'claimed', 'claimed', 'held', 'done', 'conflict', 'badly', 'never'),
    complete: fc.constantFrom('well', 'well', 'badly'),
    release: ends,
  })
  const step = fc.oneof(
    fc.record({ type: fc.constant('record' as const), task: fc.nat({ max: 5 }), tampered: fc.boolean() }),
    fc.record({ type: fc.constant('hook' as const), how: fc.constantFrom('well', 'badly', 'hopeless') }),
    fc.record({ type: fc.constant('store' as const), behaviour: storeSteps }),
    fc.record({ type: fc.constant('wait' as const), time: fc.constantFrom(0, 500, 2_000, 60_000) }),
  )

  test('what is held comes back to nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (schedule, closes) => {
        const clock = fakeClock()
        const budget = createBudget(3 * weighCallback(callbackOf('task')))
        const { hook, succeed, fail } = heldHook<unknown[]>()
        let behaviour: Record<'claim' | 'complete' | 'release', string> = {
          claim: 'claimed',
          complete: 'well',
          release: 'well',
        }
        const does = (how: string): Promise<never> | Promise<void> =>
          how === 'badly' ? failing() : how === 'never' ? never() : Promise.resolve()
        const dedupe: DedupeStore = {
          claim: async () =>
            behaviour.claim === 'badly' || behaviour.claim === 'never'
              ? ((await does(behaviour.claim)) as never)
              : (behaviour.claim as 'held'),
          renew: async () => behaviour.claim === 'claimed',
          complete: () => does(behaviour.complete),
          release: () => does(behaviour.release),
        }
        const inbox = directInbox({ dedupe, ackTimeout: 1_000, clock, budget })
        const deliver: Deliver = (_, { signal }) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error))
            hook().then(resolve, reject)
          })
        const retry = { attempts: 2, minDelay: 100, maxDelay: 100 }
        await inbox.start(deliver, { concurrency: 2, retry, retention: 1_000, emit() {}, clock })
        const answers: Promise<unknown>[] = []
        for (const one of schedule) {
          if (one.type === 'store') behaviour = one.behaviour
          else if (one.type === 'wait') await clock.advance(one.time)
          else if (one.type === 'record') {
            const callback = { ...callbackOf(`task ${one.task}`), receivedAt: new Date(clock.now()) }
            const sent = one.tampered ? { ...callback, digest: 'another' } : callback
            answers.push(inbox.record(sent).catch((error: unknown) => error))
          } else if (one.how === 'well') succeed()
          else fail(one.how === 'badly' ? new Error('no') : new UnrecoverableError('no'))
          await settlePromises()
          expect(budget.held).toBeLessThanOrEqual(3 * weighCallback(callbackOf('task')) + 1_000)
        }
        behaviour = { claim: 'claimed', complete: 'well', release: 'well' }
        const closed = closes ? inbox.close({ timeout: 100 }) : undefined
        for (let round = 0; round < 12; round++) {
          for (let hooks = 0; hooks < 40; hooks++) succeed()
          await clock.advance(60_000)
        }
        await Promise.all([closed, ...answers])
        expect(budget.held).toBe(0)
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})
