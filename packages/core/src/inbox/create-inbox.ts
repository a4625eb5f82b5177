import { StoreUnavailableError, toError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import type { Deliver } from '../hooks/hooks.ts'
import { checkOptions, type Rules } from '../internal/check-options.ts'
import { systemClock, type Clock } from '../internal/clock.ts'
import { milliseconds, optional } from '../internal/option-rules.ts'
import { pause } from '../internal/promises.ts'
import { checkCallback } from './check-callback.ts'
import { closeTimeout } from './close-timeout.ts'
import type { DurableInbox, InboxOptions } from './contract.ts'
import type { InboxEngine } from './engine.ts'
import { closedError, createEngineCalls } from './engine-calls.ts'
import { soon, startWork, type InboxWork } from './inbox-work.ts'
import { createInspection } from './inspection.ts'
import { createPatience, type Patience } from './patience.ts'
import type { Job } from './job.ts'

/** Times of an inbox, in milliseconds. */
export interface CreateInboxOptions {
  /** How long a process holds a job without a sign of life. */
  lease: number
  /** How often the engine is asked for jobs that no wake-up announced. */
  pollInterval: number
  /** How long one call of the engine may take. Default: for as long as it takes. */
  timeout?: number | undefined
  /** How often to look for jobs that crashes left behind. Default: a third of the lease, at most 5 000. */
  recoverInterval?: number | undefined
}

const RULES: Rules<Required<CreateInboxOptions>> = {
  lease: milliseconds(),
  pollInterval: milliseconds(),
  timeout: optional(milliseconds()),
  recoverInterval: optional(milliseconds()),
}
/** However long a lease is, one that has run out is looked for after this many milliseconds. */
const LONGEST_INTERVAL = 5_000
/** Milliseconds until an engine that could not be opened is tried again. */
const OPEN_AGAIN = 1_000

/** What an inbox was started with. */
interface Start {
  deliver: Deliver
  given: InboxOptions
  patience: Patience
}

/**
 * Makes an inbox of a storage. The kit does what every inbox does alike: it starts once, runs hooks with leases, retries and
 * backoff, recovers after crashes and outages, runs suspects one at a time, clears away what is old, and closes.
 *
 * @param engine - The storage alone.
 * @param options - Times of the inbox.
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * import { createInbox, type InboxEngine } from '@luma-callback/core/inbox'
 *
 * export function inboxOn(engine: InboxEngine) {
 *   return createInbox(engine, { lease: 30_000, pollInterval: 1_000, timeout: 2_000 })
 * }
 * ```
 */
export function createInbox<Held extends Job>(engine: InboxEngine<Held>, options: CreateInboxOptions): DurableInbox {
  const { name } = engine
  const { lease, pollInterval, timeout, ...checked } = checkOptions('createInbox', options, RULES)
  const recoverInterval = checked.recoverInterval ?? Math.min(Math.ceil(lease / 3), LONGEST_INTERVAL)
  const closed = new AbortController()
  const ended = new AbortController()
  /** The last try, which closing waits for. */
  let starting: Promise<void> | undefined
  let closing: Promise<void> | undefined
  let work: InboxWork | undefined
  /** That of the receiver, once there is one. */
  let clock: Clock = systemClock
  const { open, ask, askOpen, settled, unlessEnded } = createEngineCalls(engine, {
    timeout,
    clock: () => clock,
    closed: closed.signal,
    ended: ended.signal,
  })

  async function begin(start: Start): Promise<void> {
    const { deliver, given, patience } = start
    try {
      await open()
      await unlessEnded(async () => engine.begin?.(given))
    } catch (error) {
      patience.failed()
      throw error
    }
    if (closing) throw closedError(name)
    const begun = await startWork(engine, { deliver, options: given, lease, pollInterval, recoverInterval, patience })
    work = begun
    // The closing that came in between did not know of it.
    if (closing) {
      await begun.stop(0)
      throw closedError(name)
    }
  }

  /** Until it succeeds: the receiver answers 503 until the engine is there, and works then. */
  async function beginLater(start: Start, told: string): Promise<void> {
    let last = told
    while (!work && !closed.signal.aborted) {
      await pause(OPEN_AGAIN, closed.signal, clock)
      if (closed.signal.aborted) return
      try {
        starting = begin(start)
        await starting
        start.given.outage?.worked('begin')
      } catch (cause) {
        if (!closing) last = tellFailure(start.given, cause, last)
      }
    }
  }

  /** Once for each reason. */
  function tellFailure({ emit }: InboxOptions, cause: unknown, last: string): string {
    const message = `${name} is not at work yet: ${toError(cause).message}`
    if (message !== last) emit({ type: 'error', error: new StoreUnavailableError(message, { cause }) })
    return message
  }

  async function startNow(start: Start): Promise<void> {
    try {
      await begin(start)
    } catch (cause) {
      // The engine itself says what is wrong, and a person has to mend it.
      if (isLumaError(cause)) {
        starting = undefined
        throw cause
      }
      start.given.outage?.failed('begin')
      void beginLater(start, tellFailure(start.given, cause, ''))
    }
  }

  async function shutDown(patience: number): Promise<void> {
    engine.hurry?.()
    // Nothing more is begun from now on; calls that were made before are done.
    const stopped = work?.stop(patience)
    await soon(() => Promise.allSettled([starting, settled()]), clock)
    ended.abort()
    await stopped
    await soon(() => engine.close(), clock)
  }

  return {
    async record(callback) {
      checkCallback(callback)
      const forgetBefore = new Date(work ? clock.now() - work.retention : 0)
      const recorded = await askOpen(`record task ${callback.taskId}`, () => engine.record(callback, forgetBefore))
      if (recorded === 'recorded') work?.wake()
      return recorded
    },
    async start(deliver, given) {
      if (closing) throw closedError(name)
      if (starting) throw new TypeError(`${name} was started already; make one for each receiver`)
      clock = given.clock
      const patience = createPatience({ lease, interval: recoverInterval, clock })
      starting = startNow({ deliver, given, patience })
      return starting
    },
    async close(closeOptions) {
      const patience = closeTimeout(closeOptions)
      closed.abort()
      closing ??= shutDown(patience)
      return closing
    },
    ...createInspection(engine, ask, () => work?.wake()),
  }
}
