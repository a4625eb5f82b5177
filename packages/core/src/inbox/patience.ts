import type { Clock } from '../internal/clock.ts'

/**
 * Decides when leases that have run out may be taken from their holders. While the storage was away no holder could renew its
 * lease, and work that is done only waits to be written. So after a look that failed or came late, and with a storage that has
 * just started, holders get the time of another lease.
 */
export interface Patience {
  /** @param uptime - Milliseconds since the storage started. */
  mayRecover(uptime: number): boolean
  /** A look failed, or the storage could not be opened. */
  failed(): void
}

/**
 * Made when the inbox starts, so that an outage before its first look counts too.
 *
 * @param lease - Milliseconds.
 * @param interval - Milliseconds between two looks.
 */
export function createPatience({
  lease,
  interval,
  clock,
}: {
  lease: number
  interval: number
  clock: Clock
}): Patience {
  let lookedAt = times()
  let hasFailed = false
  let patientUntil = 0

  /** The one clock may be set, and the storage's own with it; the other stands still while the machine sleeps. */
  function times(): readonly number[] {
    return [clock.now(), clock.elapsed()]
  }

  return {
    mayRecover(uptime) {
      const now = times()
      // A pause of this process, or of its connection, held up its renewals too.
      const isLate = now.some((time, index) => time - (lookedAt[index] ?? 0) > interval + lease / 3)
      if (hasFailed || isLate) patientUntil = clock.elapsed() + lease
      lookedAt = now
      hasFailed = false
      return clock.elapsed() >= patientUntil && uptime >= lease
    },
    failed() {
      hasFailed = true
    },
  }
}
