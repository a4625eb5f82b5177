/** How the hook of a callback that was answered 200 is retried. */
export interface RetrySchedule {
  /** Runs of a hook in all, the first included. */
  attempts: number
  /** Milliseconds before the second run. */
  minDelay: number
  /** Milliseconds that a pause never exceeds. */
  maxDelay: number
}

/**
 * Milliseconds to wait after a failed attempt: doubling from `minDelay` to `maxDelay`, half of it random,
 * so that many that failed together do not come back together.
 *
 * @param attempt - The attempt that failed, counted from 1.
 * @param random - A number from 0 up to 1.
 */
export function backoffDelay(attempt: number, { minDelay, maxDelay }: RetrySchedule, random: number): number {
  const delay = Math.min(maxDelay, minDelay * 2 ** (attempt - 1))
  return Math.round(delay / 2 + (delay / 2) * random)
}
