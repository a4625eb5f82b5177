import type { DedupeStore } from '@luma-callback/core'
import { memoryDedupeOn } from '@luma-callback/core/internal'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../helpers/clock.ts'

function start(): { store: DedupeStore; clock: FakeClock } {
  const clock = fakeClock()
  return { store: memoryDedupeOn(clock), clock }
}

describe('in every order of calls', () => {
  interface Entry {
    state: 'held' | 'done'
    holder: string
    digest: string
    expiresAt: number
  }
  type Model = Map<string, Entry>
  type Real = ReturnType<typeof start>
  type Step = fc.AsyncCommand<Model, Real>

  const key = fc.constantFrom('k1', 'k2')
  const holder = fc.constantFrom('a', 'b', 'c')
  const span = fc.integer({ min: 1, max: 5 })

  /** A step of the contract: what it does to the model says what it has to tell. */
  function step(name: string, onModel: (model: Model, now: number) => unknown, onReal: (real: Real) => unknown): Step {
    return {
      check: () => true,
      run: async (model, real) => {
        const expected = onModel(model, real.clock.now())
        expect(await onReal(real)).toBe(expected)
      },
      toString: () => name,
    }
  }

  const owned = (model: Model, k: string, h: string): Entry | undefined => {
    const entry = model.get(k)
    return entry?.state === 'held' && entry.holder === h ? entry : undefined
  }

  const claim = fc.tuple(key, holder, span, fc.constantFrom('x', 'y')).map(([k, h, lease, digest]) =>
    step(
      `claim(${k}, ${h}, ${lease}, ${digest})`,
      (model, now) => {
        const entry = model.get(k)
        if (entry && entry.expiresAt > now) {
          if (entry.state === 'done') return entry.digest === digest ? 'done' : 'conflict'
          if (entry.holder !== h) return 'held'
        }
        model.set(k, { state: 'held', holder: h, digest, expiresAt: now + lease })
        return 'claimed'
      },
      ({ store }) => store.claim({ key: k, holder: h, lease, digest }),
    ),
  )

  const renew = fc.tuple(key, holder, span).map(([k, h, lease]) =>
    step(
      `renew(${k}, ${h}, ${lease})`,
      (model, now) => {
        const entry = owned(model, k, h)
        if (entry) entry.expiresAt = now + lease
        return entry !== undefined
      },
      ({ store }) => store.renew({ key: k, holder: h, lease }),
    ),
  )

  const complete = fc.tuple(key, holder, span).map(([k, h, retention]) =>
    step(
      `complete(${k}, ${h}, ${retention})`,
      (model, now) => {
        const entry = owned(model, k, h)
        if (entry) model.set(k, { ...entry, state: 'done', expiresAt: now + retention })
      },
      ({ store }) => store.complete({ key: k, holder: h, retention }),
    ),
  )

  const release = fc.tuple(key, holder).map(([k, h]) =>
    step(
      `release(${k}, ${h})`,
      (model) => void (owned(model, k, h) && model.delete(k)),
      ({ store }) => store.release({ key: k, holder: h }),
    ),
  )

  const time = span.map((milliseconds) =>
    step(
      `${milliseconds} ms pass`,
      () => undefined,
      ({ clock }) => clock.advance(milliseconds),
    ),
  )

  test('the store does what its model does', async () => {
    const steps = fc.commands([claim, renew, complete, release, time], { maxCommands: 40 })
    await fc.assert(
      fc.asyncProperty(steps, (commands) => fc.asyncModelRun(() => ({ model: new Map(), real: start() }), commands)),
      { numRuns: 500 },
    )
  })
})
