import { backoffDelay } from '../hooks/backoff.ts'
import { claim, finish, isOurs, keepClaim, pauseRun, release, unanswered } from './claim.ts'
import { timeLeft, type DirectWork, type Run } from './work.ts'
import { BusyError, HookFailedError, isUnrecoverable, toError } from '../errors/errors.ts'

/** Beyond this many, the provider keeps for us what has not even begun. What they take in memory has a bound of its own. */
const MOST_UNFINISHED = 10_000

/** Takes a run from its claim to its end. Never rejects: what went wrong is in the run's answer and in events. */
export async function carryOut(run: Run, work: DirectWork): Promise<void> {
  let lease: { stop: () => void } | undefined
  const onDeadline = () => {
    meetDeadline(run, work)
    // A claim outlives the longest deadline, so that it needs no renewing before.
    if (run.state === 'answered') lease = keepClaim(run, work)
  }
  const deadline = work.clock.setTimeout(onDeadline, timeLeft(run.callback, work))
  try {
    if (!isOurs(run, await claim(run, work), work)) return
    for (let attempt = 1; ; attempt++) {
      const error = await runOnce(run, attempt, work)
      if (!error) break
      work.clock.clearTimeout(deadline)
      if (run.state !== 'answered') await handBack(run, attempt, error, work)
      if (isFinal(run, attempt, error, work)) return await bury(run, attempt, error, work)
      const delay = backoffDelay(attempt, work.retry, work.clock.random())
      work.emit({ type: 'retrying', callback: run.callback, attempt, error, by: 'inbox', delay })
      await pauseRun(run, delay, work.clock)
    }
    await finish(run, work)
  } catch (error) {
    refuse(run, toError(error))
  } finally {
    lease?.stop()
    work.clock.clearTimeout(deadline)
    forget(run, work)
  }
}

function forget(run: Run, { runs, done, unfinished }: DirectWork): void {
  const { key, raw } = run.callback
  run.hold.release()
  unfinished.delete(run)
  if (run.state === 'done') done.set(key, raw)
  // One that was refused at its deadline may have had a successor since.
  if (runs.get(key) === run) runs.delete(key)
}

function refuse(run: Run, error: Error): void {
  run.state = 'refused'
  run.answer.reject(error)
}

/** Runs when the answer is due. If it is 200, the provider sends no more, so the retries are ours from here on. */
function meetDeadline(run: Run, work: DirectWork): void {
  const { unfinished, runs } = work
  const { callback, state, answer, abort } = run
  if (state === 'claiming') {
    runs.delete(callback.key)
    // Of a store that never answers, this run never hears again.
    run.hold.release()
    refuse(run, unanswered(run, work, new Error('it did not answer in time')))
  } else if (state === 'queued' && unfinished.size >= MOST_UNFINISHED) {
    abort.abort(
      new BusyError(`${unfinished.size} callbacks that were answered 200 wait for their hooks; no more are taken`),
    )
  } else if (state === 'queued' || state === 'running') {
    run.state = 'answered'
    unfinished.add(run)
    answer.resolve('recorded')
  } else {
    answer.resolve('recorded')
  }
}

/** One attempt; what it failed with, or undefined. */
async function runOnce(
  run: Run,
  attempt: number,
  { slots, deliver, emit, clock }: DirectWork,
): Promise<Error | undefined> {
  const { callback, abort } = run
  try {
    const turn = slots.enter(abort.signal)
    if (turn) await turn
  } catch (error) {
    return toError(error)
  }
  if (run.state === 'queued') run.state = 'running'
  const startedAt = clock.now()
  try {
    await deliver(callback, { attempt, signal: abort.signal })
    emit({ type: 'delivered', callback, attempt, duration: clock.now() - startedAt })
    return undefined
  } catch (error) {
    return toError(error)
  } finally {
    slots.leave()
  }
}

function isFinal({ abort }: Run, attempt: number, error: Error, { retry, isClosing }: DirectWork): boolean {
  return abort.signal.aborted || isClosing() || isUnrecoverable(error) || attempt >= retry.attempts
}

/** Nothing was promised yet: the key is set free and the provider sends again. */
async function handBack(run: Run, attempt: number, error: Error, work: DirectWork): Promise<never> {
  const { callback, abort } = run
  await release(run, work)
  if (abort.signal.aborted) throw toError(abort.signal.reason)
  work.emit({ type: 'retrying', callback, attempt, error, by: 'provider' })
  throw new HookFailedError(`the ${callback.outcome} hook for task ${callback.taskId} failed`, { cause: error })
}

async function bury(run: Run, attempt: number, error: Error, work: DirectWork): Promise<void> {
  work.emit({ type: 'dead', callback: run.callback, attempt, error })
  await release(run, work)
}
