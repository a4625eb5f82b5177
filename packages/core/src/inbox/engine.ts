import type { LumaCallback } from '../callback/parse.ts'
import type { DeliveryState, InboxEntry, InboxOptions, InboxPage, InboxStats, Recorded } from './contract.ts'
import type { Job, JobStore } from './job.ts'

/**
 * A storage of callbacks, as {@link createInbox} needs it. Each method is one atomic step. After a rejected promise the step
 * may have happened or not; it is then tried again, or the provider sends again.
 */
export interface InboxEngine<Held extends Job = Job> extends Omit<JobStore<Held>, 'giveBack'> {
  /** The inbox in messages: `the inbox luma.db`, `the inbox on Redis`. */
  readonly name: string
  /**
   * Makes the storage ready: connections, and tables that are missing. Called before `record` and `begin`, and again after it
   * rejected. `list`, `get`, `requeue`, `stats` and `purge` may come without it and write no tables.
   *
   * @throws An error of ours, such as InboxFileError, if a person has to mend it: `start` rejects with it. After any other
   * error, such as a lost connection, it is tried again until it succeeds.
   */
  open(): Promise<void>
  /** Called once, when the inbox starts to work, before the first `recover` and `take`; again if it or `open` rejected. */
  begin?(options: InboxOptions): Promise<void>
  /**
   * Takes a callback in, unless its key is known. A key that was last needed before `forgetBefore` counts as unknown. Resolves
   * once the callback is durable.
   */
  record(callback: LumaCallback, forgetBefore: Date): Promise<Recorded>
  /** Puts a job back that did not run, or whose run was cut off: due in `delay` milliseconds, and the run does not count. */
  putBack(job: Held, delay: number): Promise<boolean>
  /** Called when the inbox begins to close: from now on no call should wait for long. */
  hurry?(): void
  /**
   * Makes jobs due again whose process is gone or whose lease has run out; their run counts as a crash. Resolves to how many.
   *
   * @param held - Jobs that this process runs. It lives, so they are left alone.
   * @throws StoreUnavailableError if the storage is away, which other calls tell; any other error is told as an event.
   */
  recover(held: readonly Held[]): Promise<number>
  list(options: { state: DeliveryState | undefined; cursor: string | undefined; limit: number }): Promise<InboxPage>
  get(key: string): Promise<InboxEntry | undefined>
  /** Gives the dead callback of this key, or up to `most` dead ones, a new set of attempts. Resolves to how many; 0 ends it. */
  requeue(options: { key: string | undefined; most: number }): Promise<number>
  stats(): Promise<InboxStats>
  /** Removes up to `most` entries that are done, the oldest first, but leaves the latest `keep`. Resolves to how many. */
  purge(options: { keep: number; most: number }): Promise<number>
  /** Forgets up to `most` keys whose callbacks were done before this time, with what is left of them. Resolves to how many. */
  forget(options: { before: Date; most: number }): Promise<number>
  /** Calls `wake` when another process may have recorded something. Without it, that is found after `pollInterval`. */
  listen?(wake: () => void): { stop: () => Promise<void> }
  /** Why calls fail at present, if that is known, such as a lost connection; for messages of calls that took too long. */
  problem?(): Error | undefined
  /**
   * Milliseconds since the storage's own server started. An engine that can be away while this process runs has it: after an
   * outage, holders of leases are then given time to write. It throws as `recover` does.
   */
  uptime?(): Promise<number>
  close(): Promise<void>
}
