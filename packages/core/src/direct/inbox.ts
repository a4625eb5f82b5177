import { randomUUID } from 'node:crypto'
import { createBudget, type Budget, type Hold } from './budget.ts'
import type { LumaCallback } from '../callback/parse.ts'
import type { Clock } from '../internal/clock.ts'
import type { DedupeStore } from './dedupe.ts'
import { carryOut } from './run.ts'
import { createRun, LEAST_TIME, timeLeft, type DirectWork, type Run } from './work.ts'
import { ClosedError, InProgressError, toError } from '../errors/errors.ts'
import { CLOSE_TIMEOUT, type CloseOptions, type Inbox, type Recorded } from '../inbox/contract.ts'
import { within } from '../internal/promises.ts'
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

  /** A duplicate of what this process is at work on shares its fate. While it waits, its own body is in memory too. */
  async function join(run: Run, callback: LumaCallback): Promise<Recorded> {
    const hold = budget.take(weighCallback(callback))
    let outcome: Recorded | undefined
    try {
      outcome = await outcomeOf(run, callback)
    } finally {
      hold.release()
    }
    return outcome ?? record(callback)
  }

  /** Undefined if the run came to nothing, so that its duplicate is the next to be handled. */
  async function outcomeOf(run: Run, callback: LumaCallback): Promise<Recorded | undefined> {
    const isSame = run.callback.digest === callback.digest
    if (run.state !== 'answered' && run.state !== 'done') {
      const recorded = await run.answer.promise
      if (recorded === 'recorded' && isSame) return 'duplicate'
    }
    // Of a content that contradicts the first, or after the first was answered early, nothing is said before the end.
    if (run.state !== 'done') await settled(run, callback)
    if (run.state !== 'done') return undefined
    return isSame ? 'duplicate' : 'conflict'
  }

  function settled(run: Run, callback: LumaCallback): Promise<void> {
    const late = () => new InProgressError(`the hook for task ${callback.taskId} is still running`)
    return within(() => run.settled, timeLeft(callback, { ackTimeout, clock }), late, clock)
  }

  async function shutDown(timeout: number): Promise<void> {
    const all = Promise.all([...runs.values()].map((run) => run.settled))
    for (const run of runs.values()) {
      run.wake()
      if (run.state === 'claiming' || run.state === 'queued')
        run.abort.abort(new ClosedError('the receiver is closing'))
    }
    const cutOff = () => new ClosedError(`the receiver closed before the hook was done, ${timeout} ms were not enough`)
    try {
      await within(() => all, timeout, cutOff, clock)
    } catch (error) {
      for (const run of runs.values()) run.abort.abort(error)
      // What still hangs now is the store; it has nothing left to lose.
      await within(() => all, LEAST_TIME, cutOff, clock).catch(() => {})
    } finally {
      await dedupe.close?.()
    }
  }

  return {
    record,
    async get(key) {
      const raw = runs.get(key)?.callback.raw ?? done.get(key)
      return raw === undefined ? undefined : { raw }
    },
    async start(deliver, options) {
      const slots = createSlots(options.concurrency)
      work = {
        ...options,
        dedupe,
        ackTimeout,
        deliver,
        slots,
        runs,
        done,
        unfinished: new Set(),
        isClosing: () => closing !== undefined,
      }
    },
    close({ timeout = CLOSE_TIMEOUT }: CloseOptions = {}) {
      // Assigned before anything is woken, so that what wakes knows that this is its last try.
      closing ??= Promise.resolve().then(() => shutDown(timeout))
      return closing
    },
  }
}
