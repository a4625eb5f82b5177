import { AsyncLocalStorage } from 'node:async_hooks'
import { memoryDedupe, type Inbox, type LumaEvent } from '@luma-callback/core'
import { systemClock } from '@luma-callback/core/internal'
import { inboxContract } from '@luma-callback/testing'
import { describe, expect, test } from 'vitest'
import { directInbox } from '../../packages/core/src/direct/inbox.ts'
import { memoryInboxes } from './memory-inbox.ts'

/** A run of a hook, or an event, that an inbox is about to bring about. */
interface Call {
  what: 'hook' | LumaEvent['type']
  attempt?: number
  /** Whether another process had recorded it. */
  wasLeft?: boolean
  wasRequeued?: boolean
}

type Snapshot = ReturnType<typeof AsyncLocalStorage.snapshot>

/** What the inboxes of one test share. */
interface Shared {
  /** The context of the latest request, or of what a hook has entered. */
  latest?: Snapshot | undefined
}

interface Fault {
  name: string
  /** The test that is there to find it. */
  found: RegExp
  /** Which calls are made in the wrong context. */
  isWrong(call: Call): boolean
  handsOn?: boolean
  inStart?: boolean
}

/** The inbox, but that some of its calls are made in the context of a request. */
function withFault<Opened extends Inbox>(
  inbox: Opened,
  { isWrong, handsOn = false, inStart = false }: Fault,
  shared: Shared,
): Opened {
  const recorded = new Set<string>()
  let wasRequeued = false
  let started: Snapshot | undefined

  function make<Result>(call: Call, act: () => Result): Result {
    const wrong = inStart ? started : shared.latest
    return wrong && isWrong(call) ? wrong(act) : act()
  }

  return {
    ...inbox,
    record(callback) {
      if (!handsOn) shared.latest = AsyncLocalStorage.snapshot()
      recorded.add(callback.key)
      return inbox.record(callback)
    },
    ...('requeue' in inbox && {
      requeue(key?: string) {
        shared.latest = AsyncLocalStorage.snapshot()
        wasRequeued = true
        return (inbox.requeue as (key?: string) => Promise<number>)(key)
      },
    }),
    start(deliver, options) {
      started = AsyncLocalStorage.snapshot()
      return inbox.start(
        (callback, run) =>
          make({ what: 'hook', attempt: run.attempt, wasLeft: !recorded.has(callback.key), wasRequeued }, () => {
            const running = deliver(callback, run)
            if (handsOn) shared.latest = AsyncLocalStorage.snapshot()
            return running
          }),
        { ...options, emit: (event) => make({ what: event.type }, () => options.emit(event)) },
      )
    },
  }
}

/** The tests of contexts that fail. */
async function failures(guarded: Omit<Parameters<typeof inboxContract>[0], 'test'>): Promise<string[]> {
  const failed: Promise<string[]>[] = []
  inboxContract({
    ...guarded,
    guarantees: ['context'],
    patience: 10_000,
    test(name, body) {
      const failure = body().then(
        () => [],
        () => [name],
      )
      failed.push(failure)
    },
  })
  return (await Promise.all(failed)).flat()
}

describe('the contract of contexts is broken by an inbox that', () => {
  test.concurrent.each<Fault>([
    {
      name: 'runs a hook in the context of the latest request',
      found: /no hook runs in the context of the request that woke it/,
      isWrong: ({ what, attempt }) => what === 'hook' && attempt === 1,
    },
    {
      name: 'tells there that a hook is done',
      found: /no hook runs in the context of the request that woke it/,
      isWrong: ({ what }) => what === 'delivered',
    },
    {
      name: 'runs a hook there that had failed before',
      found: /a run after one that failed/,
      isWrong: ({ what, attempt = 1 }) => what === 'hook' && attempt > 1,
    },
    {
      name: 'tells there that a hook is run again',
      found: /a run after one that failed/,
      isWrong: ({ what }) => what === 'retrying',
    },
    {
      name: 'tells there that a callback is dead',
      found: /that the last run failed is told/,
      isWrong: ({ what }) => what === 'dead',
    },
    {
      name: 'runs a hook there that another process had begun',
      found: /what was left when its process closed/,
      isWrong: ({ what, wasLeft = false }) => what === 'hook' && wasLeft,
    },
    {
      name: 'runs a hook there that was requeued',
      found: /what is requeued by a request/,
      isWrong: ({ what, wasRequeued = false }) => what === 'hook' && wasRequeued,
    },
    {
      name: 'hands on what a hook has entered',
      found: /what a hook enters its context with/,
      isWrong: ({ what }) => what === 'hook',
      handsOn: true,
    },
  ])('$name', async (fault) => {
    const setUp = () => {
      const open = memoryInboxes()
      const shared: Shared = {}
      return { open: () => withFault(open(), fault, shared) }
    }
    expect(await failures({ setUp })).toContainEqual(expect.stringMatching(fault.found))
  })
})

describe('and by one that keeps nothing and', () => {
  test.concurrent.each<Fault>([
    {
      name: 'runs a hook in the context of the latest request',
      found: /no hook runs in the context of the request that woke it/,
      isWrong: ({ what }) => what === 'hook',
    },
    {
      name: 'runs a hook in no context of a request',
      found: /no hook runs in the context of the request that woke it/,
      isWrong: ({ what }) => what === 'hook',
      inStart: true,
    },
    {
      name: 'tells in none that a hook failed',
      found: /a run after one that failed/,
      isWrong: ({ what }) => what === 'retrying',
      inStart: true,
    },
    {
      name: 'hands on what a hook has entered',
      found: /what a hook enters its context with/,
      isWrong: ({ what }) => what === 'hook',
      handsOn: true,
    },
  ])('$name', async (fault) => {
    const setUp = () => {
      const dedupe = memoryDedupe()
      const shared: Shared = {}
      return { open: () => withFault(directInbox({ dedupe, ackTimeout: 10_000, clock: systemClock }), fault, shared) }
    }
    expect(await failures({ setUp })).toContainEqual(expect.stringMatching(fault.found))
  })
})
