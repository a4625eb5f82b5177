/** A running timer of a clock. */
export type Timer = ReturnType<typeof setTimeout>

/**
 * Time, timers and randomness, passed in so that tests can control them. For long times (retention, late retries) compare stored
 * times or use `after`: `setTimeout` with more than 2³¹ − 1 ms fires at once.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Monotonic milliseconds, to measure durations. */
  elapsed(): number
  /** A number from 0, included, to 1, excluded. */
  random(): number
  setTimeout(callback: () => void, delay: number): Timer
  clearTimeout(timer: Timer | undefined): void
}

/** The longest delay of `setTimeout`, in milliseconds. */
export const LONGEST_TIMER: number = 2 ** 31 - 1

/**
 * Calls back after `delay` milliseconds, also for delays that are too long for a timer; those are waited for in steps. An
 * infinite delay never ends.
 *
 * @returns A function that cancels it.
 */
export function after(delay: number, callback: () => void, clock: Clock): () => void {
  const due = clock.now() + delay
  let timer = delay > LONGEST_TIMER ? clock.setTimeout(step, LONGEST_TIMER) : clock.setTimeout(callback, delay)

  function step(): void {
    const left = due - clock.now()
    timer = left > LONGEST_TIMER ? clock.setTimeout(step, LONGEST_TIMER) : clock.setTimeout(callback, Math.max(0, left))
  }
  return () => clock.clearTimeout(timer)
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer),
}
