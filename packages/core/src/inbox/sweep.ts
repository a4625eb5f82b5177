import type { Clock } from '../internal/clock.ts'
import type { InboxEngine } from './engine.ts'

/** Of the entries that are done, this many of the latest stay to be looked at. */
export const DONE_KEPT = 10_000
/** Milliseconds from receipt to end that make no difference to a retention: of what was done later, it counts from the end. */
export const LATE = 60_000
/** Entries that one step touches, so that callbacks go in between. */
export const STEP = 500
/** Milliseconds between two sweeps. */
const SWEEP_INTERVAL = 5_000

/** Clears away what is done and old. */
export interface Sweeper {
  /** Begins a sweep if none runs and the last one is long enough ago. There may be millions of entries, so it runs apart. */
  sweepIfDue(): void
  ended(): Promise<void>
}

interface SweeperOptions {
  engine: Pick<InboxEngine, 'purge' | 'forget'>
  /** Milliseconds. */
  retention: number
  clock: Clock
  stopped: AbortSignal
  onError: (cause: unknown) => void
}

export function createSweeper({ engine, retention, clock, stopped, onError }: SweeperOptions): Sweeper {
  let sweptAt = clock.elapsed()
  let sweeping: Promise<void> | undefined

  /** A step that is not full is the last one: entries that are done meanwhile are left to the next sweep. */
  async function sweep(): Promise<void> {
    const before = new Date(clock.now() - retention)
    while (!stopped.aborted && (await engine.purge({ keep: DONE_KEPT, most: STEP })) === STEP);
    while (!stopped.aborted && (await engine.forget({ before, most: STEP })) === STEP);
  }

  return {
    sweepIfDue() {
      if (sweeping || clock.elapsed() - sweptAt < SWEEP_INTERVAL) return
      sweptAt = clock.elapsed()
      sweeping = sweep()
        .catch(onError)
        .finally(() => {
          sweeping = undefined
        })
    },
    ended: async () => sweeping,
  }
}
