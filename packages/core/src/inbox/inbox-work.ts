import type { Deliver } from '../hooks/hooks.ts'
import type { Clock } from '../internal/clock.ts'
import { within } from '../internal/promises.ts'
import type { InboxOptions } from './contract.ts'
import type { InboxEngine } from './engine.ts'
import { createHeldJobs } from './held-jobs.ts'
import type { Patience } from './patience.ts'
import { startHousekeeping } from './housekeeping.ts'
import type { Job } from './job.ts'
import { createRunner, type Runner } from './runner.ts'

/** The parts of an inbox that is at work. */
export interface InboxWork {
  /** Says that there may be something to do. */
  wake(): void
  /** Lets hooks finish for `patience` milliseconds. */
  stop(patience: number): Promise<void>
  /** Milliseconds that a key is remembered. */
  retention: number
}

interface InboxWorkOptions {
  deliver: Deliver
  options: InboxOptions
  /** Milliseconds, as the others. */
  lease: number
  pollInterval: number
  recoverInterval: number
  patience: Patience
}

/** Milliseconds that each of the last steps of closing may take. */
const LAST_STEP = 2_000

export async function startWork<Held extends Job>(
  engine: InboxEngine<Held>,
  given: InboxWorkOptions,
): Promise<InboxWork> {
  const { deliver, options, lease, pollInterval, recoverInterval: interval, patience } = given
  const { clock, retention } = options
  let runner: Runner | undefined
  const wake = (): void => runner?.wake()
  const store = createHeldJobs(engine)
  const { held } = store
  const house = startHousekeeping({ ...options, engine, held, lease, interval, patience, onRecovered: wake })
  // What a crash left behind goes first.
  await soon(() => house.firstLook, clock)
  let listener: ReturnType<NonNullable<InboxEngine['listen']>> | undefined
  try {
    listener = engine.listen?.(wake)
  } catch (error) {
    await soon(() => house.stop(), clock)
    throw error
  }
  runner = createRunner({ ...options, store, deliver, lease, pollInterval })
  return {
    wake,
    retention,
    async stop(timeout) {
      const stopped = Promise.all([soon(async () => listener?.stop(), clock), soon(() => house.stop(), clock)])
      await runner?.close({ timeout })
      await stopped
      // A hook that ignores its signal runs on; another process may begin it anew at once.
      await soon(() => store.letGo(), clock)
    },
  }
}

/** Waits for a last step, but not for long: whether it succeeds or not, the process shall end. */
export async function soon(step: () => Promise<unknown>, clock: Clock): Promise<void> {
  await within(step, LAST_STEP, () => new Error('not in time'), clock).catch(() => {})
}
