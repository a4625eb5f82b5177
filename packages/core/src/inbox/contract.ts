import type { RetrySchedule } from '../hooks/backoff.ts'
import type { CallbackSource, LumaCallback } from '../callback/parse.ts'
import type { Clock } from '../internal/clock.ts'
import type { Emit } from '../events/events.ts'
import type { Deliver } from '../hooks/hooks.ts'
import type { Outage } from './outage.ts'

/** What became of a callback that was handed in. */
export type Recorded = 'recorded' | 'duplicate' | 'conflict'

/** What an inbox is given when it starts to work. */
export interface InboxOptions {
  /** How many deliveries run at once in this process, at most. */
  concurrency: number
  /** The schedule of runs after a failed one. */
  retry: RetrySchedule
  /** How long a key is remembered after it was done, in milliseconds. */
  retention: number
  /**
   * Tells the user's observer; never throws. An inbox says how each run ended, as the events of the same names:
   * `delivered`, `retrying` or `dead`; and `recovered` before a run whose last one a crash cut off.
   */
  emit: Emit
  /** The clock and the timers that the inbox uses. Tests hand in one that they control. */
  clock: Clock
  /** Where failures of the store are noted, so that its return can be told. What `createInbox` makes does it. */
  outage?: Outage | undefined
}

/**
 * Where callbacks are kept between the answer and the hook. For a storage of your own write an `InboxEngine`; `createInbox`
 * makes an inbox of it, with the slots, leases, retries and the closing that all inboxes share.
 */
export interface Inbox {
  /**
   * Takes a callback in. Resolves once it is durable; from then on it is delivered until it is done or dead.
   * Of any number of calls for one key exactly one is told `recorded`; the same key with another
   * content is a `conflict`. Rejects if it could not be made durable, and the provider will send it again; with a
   * ClosedError after `close`.
   */
  record(callback: LumaCallback): Promise<Recorded>
  /** The callback that was recorded under a key, if it is still kept. A `conflict` event shows its body. */
  get?(key: string): Promise<(Pick<InboxEntry, 'raw'> & Partial<InboxEntry>) | undefined>
  /** Begins to work off, first what a crash left behind. Called once before the first `record`. */
  start(deliver: Deliver, options: InboxOptions): Promise<void>
  /**
   * Lets running deliveries finish, takes no new ones.
   *
   * @param options.timeout - Milliseconds until what still runs is cut off; 20 000 by default.
   */
  close(options?: CloseOptions): Promise<void>
}

/** The options of `close`. */
export interface CloseOptions {
  /** Milliseconds to wait for what runs; 20 000 by default. */
  timeout?: number | undefined
}

export const CLOSE_TIMEOUT = 20_000

/** Where a callback stands between its receipt and its end. */
export type DeliveryState = 'pending' | 'running' | 'done' | 'dead'

/** A callback as an inbox keeps it. */
export interface InboxEntry extends Readonly<Required<CallbackSource>> {
  readonly taskId: string
  readonly outcome: LumaCallback['outcome']
  readonly state: DeliveryState
  /** Runs of the hook that counted; those that a crash or a close cut off did not. */
  readonly attempts: number
  /** Runs that ended with their process, or with their lease. */
  readonly crashes: number
  /** For people: what the latest failure said, with its causes, in one line. */
  readonly lastError: string | undefined
  /**
   * For programs: what the latest failure was. Our `code`, else one of Node or of a library, such as `ECONNREFUSED`; undefined
   * if it had none that is a short plain text.
   */
  readonly failureCode: string | undefined
  /** When the latest run began. */
  readonly startedAt: Date | undefined
  /** When it was done, or dead. */
  readonly endedAt: Date | undefined
  /** When the next run is due; only while it is pending. */
  readonly nextRunAt: Date | undefined
}

/** Which entries `list` returns. */
export interface ListOptions {
  /** Only entries in this state. Default: all states. */
  state?: DeliveryState | undefined
  /** The `cursor` of the page before. Default: the first page. */
  cursor?: string | undefined
  /** Entries a page; 100 by default, at most 1 000. */
  limit?: number | undefined
}

/** One page of the entries of an inbox. */
export interface InboxPage {
  readonly entries: readonly InboxEntry[]
  /** For the next page; undefined on the last one. */
  readonly cursor: string | undefined
}

/** How many callbacks are in each state, and, at times only nearly, how many keys are remembered. */
export type InboxStats = Readonly<Record<DeliveryState | 'seen', number>>

/** An inbox that can be looked into, started or not: what the command line and dashboards are written against. */
export interface DurableInbox extends Inbox {
  /**
   * A page of entries. `pending` and `running` begin with the soonest due, `done` and `dead` with the latest ended, and all
   * states together with the latest recorded.
   *
   * @throws TypeError for a state, cursor or limit that is none.
   */
  list(options?: ListOptions): Promise<InboxPage>
  get(key: string): Promise<InboxEntry | undefined>
  /**
   * Gives a dead callback, or every one, a new set of attempts.
   *
   * @returns How many were dead and are pending now.
   */
  requeue(key?: string): Promise<number>
  stats(): Promise<InboxStats>
  /**
   * Removes entries that are done. Their keys stay remembered for their retention.
   *
   * @returns How many went.
   */
  purge(): Promise<number>
}
