import type { LumaCallback } from '../callback/parse.ts'
import { weighCallback } from '../callback/weigh.ts'
import { InProgressError } from '../errors/errors.ts'
import type { Recorded } from '../inbox/contract.ts'
import type { Clock } from '../internal/clock.ts'
import { within } from '../internal/promises.ts'
import type { Budget } from './budget.ts'
import { timeLeft, type Run } from './work.ts'

export interface JoinOptions {
  budget: Budget
  /** Milliseconds from a request's arrival until it is answered. */
  ackTimeout: number
  clock: Clock
}

/**
 * What a callback is told whose key this process is at work on; undefined if that run came to nothing. While it waits, its own
 * body is in memory too.
 *
 * @throws BusyError if there is no room for the body; InProgressError if the run takes longer than the answer may.
 */
export async function joinRun(run: Run, callback: LumaCallback, options: JoinOptions): Promise<Recorded | undefined> {
  const hold = options.budget.take(weighCallback(callback))
  try {
    return await outcomeOf(run, callback, options)
  } finally {
    hold.release()
  }
}

async function outcomeOf(run: Run, callback: LumaCallback, options: JoinOptions): Promise<Recorded | undefined> {
  const isSame = run.callback.digest === callback.digest
  if (run.state !== 'answered' && run.state !== 'done') {
    const recorded = await run.answer.promise
    if (recorded === 'recorded' && isSame) return 'duplicate'
  }
  // Of a content that contradicts the first, or after the first was answered early, nothing is said before the end.
  if (run.state !== 'done') await settled(run, callback, options)
  if (run.state !== 'done') return undefined
  return isSame ? 'duplicate' : 'conflict'
}

function settled(run: Run, callback: LumaCallback, { ackTimeout, clock }: JoinOptions): Promise<void> {
  const late = () => new InProgressError(`the hook for task ${callback.taskId} is still running`)
  return within(() => run.settled, timeLeft(callback, { ackTimeout, clock }), late, clock)
}
