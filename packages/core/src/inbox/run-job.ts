import { backoffDelay } from '../hooks/backoff.ts'
import { parseCallback, type LumaCallback } from '../callback/parse.ts'
import {
  InvalidCallbackError,
  isUnrecoverable,
  LeaseLostError,
  StoreUnavailableError,
  toError,
  UnrecoverableError,
} from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import { failureOf } from './failure.ts'
import type { Job, RunnerOptions } from './job.ts'
import { keepLease } from './lease.ts'
import { pause } from '../internal/promises.ts'

/**
 * What was running at this many crashes is taken for their cause and is dead: fewer than a process manager
 * commonly bears before it gives the service up.
 */
const MOST_CRASHES = 4

export interface JobContext<Held extends Job> extends RunnerOptions<Held> {
  /** Ends this run. */
  abort: AbortController
  /** Aborts when nobody waits any more for what is still to be written. */
  givenUp: AbortSignal
}

/** Takes one job from its lease to the note of how its run ended. Never rejects; what goes wrong is told to `emit`. */
export async function runJob<Held extends Job>(job: Held, context: JobContext<Held>): Promise<void> {
  const { store, abort, lease, emit, clock, outage } = context
  const { key } = job.source
  const keeper = keepLease({
    lease,
    async renew() {
      const isRenewed = await store.renew(job)
      outage?.worked(job)
      return isRenewed
    },
    onLost: () => abort.abort(new LeaseLostError(`the lease on ${key} was lost; its hook may be run again`)),
    onError(cause) {
      outage?.failed(job)
      emit({ type: 'error', error: new StoreUnavailableError(`the lease on ${key} could not be renewed`, { cause }) })
    },
    clock,
  })
  try {
    const callback = read(job.source)
    const startedAt = clock.now()
    const error = await runHook(callback, job, context)
    const duration = clock.now() - startedAt
    await (error ? endFailed(callback, job, error, context) : endDone(callback, job, duration, context))
  } catch (error) {
    // It could be read when it was recorded: someone changed the store, or a later version of ours reads otherwise.
    const unreadable = toError(error)
    const message = `the stored callback ${key} cannot be read, so it is dead: ${unreadable.message}`
    emit({ type: 'error', error: new UnrecoverableError(message, { cause: unreadable }) })
    const failure = failureOf(unreadable)
    await note(job, context, () => store.bury(job, failure))
  } finally {
    keeper.stop()
  }
}

/** @throws InvalidCallbackError for what is no callback, or none any more. */
function read(source: Job['source']): LumaCallback {
  if ('problem' in source) throw new InvalidCallbackError('callback', source.problem)
  return parseCallback(source)
}

/** What the run failed with, or undefined. */
async function runHook<Held extends Job>(
  callback: LumaCallback,
  { attempt, crashes, isRecovered }: Held,
  { deliver, abort, emit }: JobContext<Held>,
): Promise<Error | undefined> {
  if (abort.signal.aborted) return toError(abort.signal.reason)
  if (crashes >= MOST_CRASHES) {
    return new UnrecoverableError(`${crashes} processes ended while they ran this hook, so it is not run again`)
  }
  if (isRecovered) emit({ type: 'recovered', callback, attempt })
  try {
    await deliver(callback, { attempt, signal: abort.signal })
    return undefined
  } catch (error) {
    return toError(error)
  }
}

async function endDone<Held extends Job>(
  callback: LumaCallback,
  job: Held,
  duration: number,
  context: JobContext<Held>,
): Promise<void> {
  const { store, emit } = context
  if (await note(job, context, () => store.complete(job))) {
    emit({ type: 'delivered', callback, attempt: job.attempt, duration })
  }
}

async function endFailed<Held extends Job>(
  callback: LumaCallback,
  job: Held,
  error: Error,
  context: JobContext<Held>,
): Promise<void> {
  const { store, retry, abort, emit, clock } = context
  const { attempt } = job
  const { reason } = abort.signal
  // Before it is written: what goes wrong in writing is taken for the store's fault, and tried again for ever.
  const failure = failureOf(error)
  if (isLumaError(reason, 'ERR_LUMA_CLOSED')) {
    await note(job, context, () => store.giveBack(job))
  } else if (isLumaError(reason, 'ERR_LUMA_LEASE_LOST')) {
    emit({ type: 'error', error: reason, taskId: callback.taskId })
    // The store writes nothing for a claim that is not ours; this process no longer counts the job among those it holds.
    await note(job, context, () => store.giveBack(job).then(() => true))
  } else if (isUnrecoverable(error) || attempt >= retry.attempts) {
    if (await note(job, context, () => store.bury(job, failure))) {
      emit({ type: 'dead', callback, attempt, error })
    }
  } else {
    const delay = backoffDelay(attempt, retry, clock.random())
    if (await note(job, context, () => store.retry(job, failure, delay))) {
      emit({ type: 'retrying', callback, attempt, error, by: 'inbox', delay })
    }
  }
}

/**
 * Writes how a run ended, again and again until the store takes it: as long as it does not, the lease is held,
 * and nobody runs the hook a second time. Resolves to false if it was not ours to write any more.
 */
async function note<Held extends Job>(
  job: Held,
  { retry, lease, givenUp, emit, clock, outage }: JobContext<Held>,
  write: () => Promise<boolean>,
): Promise<boolean> {
  const { key } = job.source
  // A store that was away for longer than the lease gives holders a lease's time before it takes anything from them.
  const longest = lease / 3
  for (let attempt = 1; !givenUp.aborted; attempt++) {
    try {
      const isWritten = await write()
      outage?.worked(job)
      if (isWritten) return true
      const error = new LeaseLostError(`how the run of ${key} ended came too late to count: its lease was lost before`)
      emit({ type: 'error', error })
      return false
    } catch (cause) {
      outage?.failed(job)
      const error = new StoreUnavailableError(`how the run of ${key} ended could not be written yet`, { cause })
      emit({ type: 'error', error })
      await pause(Math.min(backoffDelay(attempt, retry, clock.random()), longest), givenUp, clock)
    }
  }
  return false
}
