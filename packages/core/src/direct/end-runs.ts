import { ClosedError } from '../errors/errors.ts'
import type { Clock } from '../internal/clock.ts'
import { within } from '../internal/promises.ts'
import { LEAST_TIME, type Run } from './work.ts'

/** Lets hooks that run finish, ends what has not begun, and after `timeout` milliseconds aborts the rest. Never rejects. */
export async function endRuns(runs: readonly Run[], timeout: number, clock: Clock): Promise<void> {
  const all = Promise.all(runs.map((run) => run.settled))
  for (const run of runs) {
    run.wake()
    if (run.state === 'claiming' || run.state === 'queued') {
      run.abort.abort(new ClosedError('the receiver is closing'))
    }
  }
  const cutOff = () => new ClosedError(`the receiver closed before the hook was done, ${timeout} ms were not enough`)
  try {
    await within(() => all, timeout, cutOff, clock)
  } catch (error) {
    for (const run of runs) run.abort.abort(error)
    // What still hangs now is the store; it has nothing left to lose.
    await within(() => all, LEAST_TIME, cutOff, clock).catch(() => {})
  }
}
