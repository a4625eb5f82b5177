import type { Timer } from '../internal/clock.ts'
import { captureContext } from '../internal/async-context.ts'
import { ClosedError, StoreUnavailableError } from '../errors/errors.ts'
import { closeTimeout } from './close-timeout.ts'
import type { CloseOptions } from './contract.ts'
import type { Job, RunnerOptions } from './job.ts'
import { within } from '../internal/promises.ts'
import { runJob } from './run-job.ts'

/** Works off what a store holds. */
export interface Runner {
  /** Says that there may be something to do. */
  wake(): void
  /** Takes nothing more, lets what runs finish, and after `timeout` milliseconds (20 000 by default) gives it back. */
  close(options?: CloseOptions): Promise<void>
}

/** While a store fails it is asked ever more rarely, but never more than this many milliseconds apart. */
const LONGEST_SILENCE = 5_000
/** What the last writes of a closing runner may take, in milliseconds. */
const LAST_WRITES = 2_000

/**
 * The part that inboxes share: takes jobs as slots come free, keeps their leases while the hooks run, and
 * writes down how each run ended. Nothing here knows which store it is. All of it runs in the async context that this was
 * called in, whichever request, timer or message woke it.
 */
export function createRunner<Held extends Job>(options: RunnerOptions<Held>): Runner {
  const { store, concurrency, pollInterval, emit, clock, outage } = options
  const running = new Map<Held, { abort: AbortController; settled: Promise<void> }>()
  const givenUp = new AbortController()
  const inContext = captureContext()
  let timer: Timer | undefined
  let filling: Promise<void> | undefined
  let mayBeMore = true
  let failures = 0
  let closing: Promise<void> | undefined

  function wake(): void {
    mayBeMore = true
    fillSoon()
  }

  function fillSoon(): void {
    if (filling || closing || !mayBeMore || running.size >= concurrency) return
    filling = inContext(fill).finally(() => {
      filling = undefined
      fillSoon()
    })
  }

  /** One helping of jobs, as many as there are slots for. */
  async function fill(): Promise<void> {
    const free = concurrency - running.size
    mayBeMore = false
    try {
      const jobs = await store.take(free)
      if (failures > 0) outage?.ended()
      failures = 0
      if (jobs.length === free) mayBeMore = true
      for (const job of jobs) begin(job)
    } catch (cause) {
      failures++
      outage?.failed('take')
      emit({ type: 'error', error: new StoreUnavailableError('the inbox could not be asked for work', { cause }) })
    }
  }

  function begin(job: Held): void {
    const abort = new AbortController()
    if (closing) abort.abort(closedError())
    // Each by itself, for a hook may change the context that it is called in.
    const run = inContext(() => runJob(job, { ...options, abort, givenUp: givenUp.signal }))
    const settled = run.finally(() => {
      running.delete(job)
      fillSoon()
    })
    running.set(job, { abort, settled })
  }

  function poll(): void {
    wake()
    timer = clock.setTimeout(poll, Math.min(pollInterval * 2 ** failures, Math.max(pollInterval, LONGEST_SILENCE)))
  }

  async function shutDown(timeout: number): Promise<void> {
    clock.clearTimeout(timer)
    const all = ended()
    try {
      await within(() => all, timeout, closedError, clock)
    } catch (error) {
      for (const { abort } of running.values()) abort.abort(error)
      await within(() => all, LAST_WRITES, closedError, clock).catch(() => {})
    } finally {
      givenUp.abort()
    }
  }

  async function ended(): Promise<void> {
    // Jobs that were being taken when the end came are given back at once.
    await filling
    await Promise.all([...running.values()].map(({ settled }) => settled))
  }

  poll()
  return {
    wake,
    async close(closeOptions) {
      const timeout = closeTimeout(closeOptions)
      // Assigned before anything is waited for, so that nothing new is begun.
      closing ??= Promise.resolve().then(() => shutDown(timeout))
      return closing
    },
  }
}

function closedError(): ClosedError {
  return new ClosedError('the receiver closed before the hook was done; it is run again')
}
