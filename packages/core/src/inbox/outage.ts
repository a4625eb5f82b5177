import type { Clock } from '../internal/clock.ts'
import type { Emit } from '../events/events.ts'

/**
 * Notes where a store fails, so that its return is told once. A part is whatever can fail by itself, such as recording, or
 * one job's lease; the outage is over when all that failed works again.
 */
export interface Outage {
  /** This part of the work failed. */
  failed(part: unknown): void
  /** This part of the work was done. */
  worked(part: unknown): void
  /** The store as a whole answers again, whatever failed before. */
  ended(): void
}

export interface OutageOptions {
  store: 'inbox' | 'dedupe'
  emit: Emit
  clock: Clock
}

export function createOutage({ store, emit, clock }: OutageOptions): Outage {
  const failing = new Set<unknown>()
  let since = 0

  function tell(): void {
    emit({ type: 'restored', store, duration: clock.elapsed() - since })
  }

  return {
    failed(part) {
      if (failing.size === 0) since = clock.elapsed()
      failing.add(part)
    },
    worked(part) {
      if (failing.delete(part) && failing.size === 0) tell()
    },
    ended() {
      if (failing.size === 0) return
      failing.clear()
      tell()
    },
  }
}
