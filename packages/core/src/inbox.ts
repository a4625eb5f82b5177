import type { RetrySchedule } from './backoff.ts'
import type { LumaCallback } from './callback.ts'
import type { Clock } from './clock.ts'
import type { Emit } from './events.ts'

/** What became of a callback that was handed in. */
export type Recorded = 'recorded' | 'duplicate' | 'conflict'

/**
 * Runs the hook for a callback, once. Resolves when the hook is done, and only then may an inbox write it
 * down as done. Rejects with what the hook threw; `UnrecoverableError` means that trying again is useless.
 */
export type Deliver = (callback: LumaCallback, run: DeliverOptions) => Promise<void>

export interface DeliverOptions {
  /** Counted from 1. */
  attempt: number
  /** Aborts when the run must stop: its lease was lost, or the inbox closes. */
  signal: AbortSignal
}

/** What an inbox is given when it starts to work. */
export interface InboxOptions {
  /** Deliveries running at once in this process. */
  concurrency: number
  retry: RetrySchedule
  /** How long a key is remembered after it was done, in milliseconds. */
  retention: number
  /** Tells the user's observer; never throws. */
  emit: Emit
  clock: Clock
}

/** Where callbacks are kept between the answer and the hook. */
export interface Inbox {
  /**
   * Takes a callback in. Resolves once it is durable; from then on it is delivered until it is done or dead.
   * Of any number of calls for one key exactly one is told `recorded`; the same key with another
   * content is a `conflict`. Rejects if it could not be made durable, and the provider will send it again.
   */
  record(callback: LumaCallback): Promise<Recorded>
  /** What is known of the callback that was recorded under a key, if it still is; its body tells what a conflict is about. */
  get?(key: string): Promise<{ readonly raw: string } | undefined>
  /** Begins to work off, first what a crash left behind. Called once before the first `record`. */
  start(deliver: Deliver, options: InboxOptions): Promise<void>
  /**
   * Lets running deliveries finish, takes no new ones.
   *
   * @param options.timeout - Milliseconds until what still runs is cut off; 20 000 by default.
   */
  close(options?: CloseOptions): Promise<void>
}

export interface CloseOptions {
  /** Milliseconds to wait for what runs; 20 000 by default. */
  timeout?: number | undefined
}

export const CLOSE_TIMEOUT = 20_000
