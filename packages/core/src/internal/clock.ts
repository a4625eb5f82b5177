/** A running timer, as the clock that made it knows it. */
export type Timer = ReturnType<typeof setTimeout>

/**
 * Time, timers and randomness, handed in so that tests can hold them.
 * Long times (retention, far retries) are compared as stored times and never given to a timer, or waited for by `after`:
 * `setTimeout` beyond 2³¹ − 1 ms fires at once.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds since some moment, which no setting of the clock changes: for how long something took. */
  elapsed(): number
  /** A number from 0 up to, not including, 1. */
  random(): number
  setTimeout(callback: () => void, delay: number): Timer
  clearTimeout(timer: Timer | undefined): void
}

/** The longest delay, in milliseconds, that a timer of the platform keeps. */
export const LONGEST_TIMER: number = 2 ** 31 - 1

/**
 * Calls back once `delay` milliseconds have passed, however many they are: a longer time than a timer keeps is waited for
 * in steps, by the time that was stored; an infinite one never comes.
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
