import { randomUUID } from 'node:crypto'
import { createBudget, type Budget, type Hold } from './budget.ts'
import type { LumaCallback } from '../callback/parse.ts'
import type { Clock } from '../internal/clock.ts'
import type { DedupeStore } from './dedupe.ts'
import { carryOut } from './run.ts'
import { joinRun } from './join.ts'
import { endRuns } from './end-runs.ts'
import { createRun, type DirectWork, type Run } from './work.ts'
import { ClosedError, toError } from '../errors/errors.ts'
import { CLOSE_TIMEOUT, type CloseOptions, type Inbox, type Recorded } from '../inbox/contract.ts'
import { createRecentBodies } from './recent-bodies.ts'
import { createSlots } from '../internal/semaphore.ts'
import { weighCallback } from '../callback/weigh.ts'

/** Characters of the latest bodies that are kept, to show beside one that contradicts them. */
const MOST_REMEMBERED = 4 * 1024 * 1024

export interface DirectOptions {
  dedupe: DedupeStore
  /** Milliseconds from a request's arrival until it is answered, hook done or not. */
  ackTimeout: number
  clock: Clock
  /** For what waits here. Default: one of its own. */
  budget?: Budget
}

/**
 * Direct mode: an inbox that keeps nothing. `record` resolves when the hook is done, or when the deadline
 * comes first; only then are retries ours, and they live in memory. A hook that fails before is the
 * provider's to retry: `record` rejects and the key is free again.
 */
export function directInbox({ dedupe, ackTimeout, clock, budget = createBudget() }: DirectOptions): Inbox {
  const instance = randomUUID()
  const runs = new Map<string, Run>()
  const done = createRecentBodies(MOST_REMEMBERED)
  let claims = 0
  let work: DirectWork | undefined
  let closing: Promise<void> | undefined

  function record(callback: LumaCallback): Promise<Recorded> {
    if (closing) return Promise.reject(new ClosedError('the receiver is closing'))
    const run = runs.get(callback.key)
    return run ? join(run, callback) : begin(callback)
  }

  function begin(callback: LumaCallback): Promise<Recorded> {
    if (!work) return Promise.reject(new TypeError('the inbox has to be started before it can record'))
    let hold: Hold
    try {
      hold = budget.take(weighCallback(callback))
    } catch (error) {
      return Promise.reject(toError(error))
    }
    // A holder for each claim: a late release of an abandoned one must not free a later one.
    const run = createRun(callback, `${instance}:${++claims}`, hold)
    runs.set(callback.key, run)
    run.settled = carryOut(run, work)
    return run.answer.promise
  }

  /** A duplicate of what this process is at work on shares its fate; if that came to nothing, it is the next to be handled. */
  async function join(run: Run, callback: LumaCallback): Promise<Recorded> {
    return (await joinRun(run, callback, { budget, ackTimeout, clock })) ?? record(callback)
  }

  return {
    record,
    async get(key) {
      const raw = runs.get(key)?.callback.raw ?? done.get(key)
      return raw === undefined ? undefined : { raw }
    },
    async start(deliver, options) {
      if (closing) throw new ClosedError('the receiver is closing')
      if (work) throw new TypeError('direct mode was started already')
      const own = { slots: createSlots(options.concurrency), runs, done, unfinished: new Set<Run>() }
      work = { ...options, ...own, dedupe, ackTimeout, deliver, isClosing: () => closing !== undefined }
    },
    close({ timeout = CLOSE_TIMEOUT }: CloseOptions = {}) {
      // Assigned before anything is woken, so that what wakes knows that this is its last try.
      closing ??= Promise.resolve().then(async () => {
        await endRuns([...runs.values()], timeout, clock)
        await dedupe.close?.()
      })
      return closing
    },
  }
}
