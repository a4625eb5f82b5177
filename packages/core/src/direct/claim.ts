import { backoffDelay } from '../hooks/backoff.ts'
import type { Clock } from '../internal/clock.ts'
import type { Claim } from './dedupe.ts'
import { LEAST_TIME, type DirectWork, type Run } from './work.ts'
import { InProgressError, LeaseLostError, StoreUnavailableError } from '../errors/errors.ts'
import { keepLease } from '../inbox/lease.ts'
import { pause, within } from '../internal/promises.ts'

/** How long a claim holds without being renewed, in milliseconds; also how long a crash keeps a key from being tried again. */
const LEASE = 30_000
/** How often the note that a hook is done is tried before it is given up. */
const COMPLETE_ATTEMPTS = 5

/** What fails of a dedupe store is the whole of it. */
const STORE = 'dedupe'

export async function claim(run: Run, work: DirectWork): Promise<Claim> {
  const { callback, holder } = run
  try {
    const claimed = await work.dedupe.claim({ key: callback.key, holder, lease: LEASE, digest: callback.digest })
    work.outage?.worked(STORE)
    return claimed
  } catch (cause) {
    throw unanswered(run, work, cause)
  }
}

const CLAIMS: readonly unknown[] = ['claimed', 'held', 'done', 'conflict']

/** Whether the callback is ours to handle; if not, the run has its answer. */
export function isOurs(run: Run, claimed: Claim, { dedupe }: DirectWork): boolean {
  const { callback, holder } = run
  if (run.state !== 'claiming') {
    // The deadline has refused it already; a claim that came through after all must not keep the next delivery out.
    if (claimed === 'claimed') void dedupe.release({ key: callback.key, holder }).catch(() => {})
    return false
  }
  if (claimed === 'held') throw new InProgressError(`task ${callback.taskId} is being handled by another process`)
  if (!CLAIMS.includes(claimed)) {
    throw new StoreUnavailableError(
      `the dedupe store answered ${JSON.stringify(claimed)} where its contract knows ${CLAIMS.join(', ')}`,
    )
  }
  if (claimed === 'claimed') run.state = 'queued'
  else run.answer.resolve(claimed === 'done' ? 'duplicate' : 'conflict')
  return claimed === 'claimed'
}

export function unanswered(
  { callback: { taskId } }: Run,
  { outage }: DirectWork,
  cause: unknown,
): StoreUnavailableError {
  outage?.failed(STORE)
  return new StoreUnavailableError(`the dedupe store could not be asked about task ${taskId}`, { cause })
}

export function keepClaim(run: Run, { dedupe, clock, ...work }: DirectWork): { stop: () => void } {
  const { callback, holder, abort } = run
  return keepLease({
    lease: LEASE,
    async renew() {
      const isRenewed = await dedupe.renew({ key: callback.key, holder, lease: LEASE })
      work.outage?.worked(STORE)
      return isRenewed
    },
    onLost: () => abort.abort(new LeaseLostError(`the claim on task ${callback.taskId} was lost to another process`)),
    onError: (error) => reportStore(run, work, 'a claim could not be renewed', error),
    clock,
  })
}

/** The hook is done, which is all that a 200 promises; should the note of it fail, a redelivery may run it again. */
export async function finish(run: Run, work: DirectWork): Promise<void> {
  const { callback, holder } = run
  const { dedupe, retry, retention, clock } = work
  run.state = 'done'
  // However long the note takes, what waits for it is small.
  run.hold.release()
  for (let attempt = 1; attempt <= COMPLETE_ATTEMPTS; attempt++) {
    try {
      await dedupe.complete({ key: callback.key, holder, retention })
      work.outage?.worked(STORE)
      break
    } catch (error) {
      run.answer.resolve('recorded')
      reportStore(
        run,
        work,
        `the hook is done but that could not be noted (try ${attempt} of ${COMPLETE_ATTEMPTS})`,
        error,
      )
      if (work.isClosing()) break
      await pauseRun(run, backoffDelay(attempt, retry, clock.random()), clock)
    }
  }
  run.answer.resolve('recorded')
}

export async function release(run: Run, work: DirectWork): Promise<void> {
  const { callback, holder } = run
  try {
    await within(() => work.dedupe.release({ key: callback.key, holder }), LEAST_TIME, isLate, work.clock)
    work.outage?.worked(STORE)
  } catch (error) {
    reportStore(run, work, `the key of a callback stays claimed for up to ${LEASE} ms`, error)
  }
}

function reportStore(
  { callback: { taskId } }: Run,
  { emit, outage }: Pick<DirectWork, 'emit' | 'outage'>,
  what: string,
  cause: unknown,
): void {
  outage?.failed(STORE)
  emit({ type: 'error', error: new StoreUnavailableError(`the dedupe store failed: ${what}`, { cause }), taskId })
}

/** Ends early when the run is aborted or woken. */
export function pauseRun(run: Run, delay: number, clock: Clock): Promise<void> {
  const woken = new AbortController()
  run.wake = () => woken.abort()
  return pause(delay, AbortSignal.any([run.abort.signal, woken.signal]), clock)
}

function isLate(): Error {
  return new Error('it did not answer in time')
}
