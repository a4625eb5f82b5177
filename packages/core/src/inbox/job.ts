import type { CallbackSource } from '../callback/parse.ts'
import { InvalidCallbackError } from '../errors/errors.ts'
import type { InboxOptions } from './contract.ts'
import type { Deliver } from '../hooks/hooks.ts'

/** A callback that a store has leased to this process. */
export interface Job {
  readonly source: Required<CallbackSource>
  /** Which run of the hook this is, counted from 1; runs that a crash or a close cut off do not count. */
  readonly attempt: number
  /** How many runs ended with their process, or with their lease. */
  readonly crashes: number
  /** Whether the run before this one ended so. */
  readonly isRecovered: boolean
}

/**
 * What a runner needs of an engine. Each method is one atomic write; those that take a job change nothing and
 * resolve to false if its lease was lost meanwhile. A rejected promise means that nobody knows.
 */
export interface JobStore<Held extends Job = Job> {
  /** Leases up to `count` jobs that are due, the longest due first. */
  take(count: number): Promise<readonly Held[]>
  /** Holds the lease for another while. */
  renew(job: Held): Promise<boolean>
  complete(job: Held): Promise<boolean>
  /** Ends a failed run; the next one is due in `delay` milliseconds. */
  retry(job: Held, failure: string, delay: number): Promise<boolean>
  /** Ends the last run: dead, until someone requeues it. */
  bury(job: Held, failure: string): Promise<boolean>
  /** Ends a run that was cut off. It is due again at once and has not counted. */
  giveBack(job: Held): Promise<boolean>
}

export interface RunnerOptions<Held extends Job> extends InboxOptions {
  store: JobStore<Held>
  deliver: Deliver
  /** How long a lease holds without being renewed, in milliseconds. */
  lease: number
  /** How often the store is asked for jobs that nobody woke this process for, in milliseconds. */
  pollInterval: number
}

/** In place of what cannot be read, because somebody else put it into an engine's queue. */
export function noCallback(jobId: string, queue: string): Required<CallbackSource> {
  const message = `job ${jobId} of the queue ${queue} is no callback; somebody else put it there`
  return {
    key: `job ${jobId}`,
    // Whoever reads it to run its hook finds this out, tells it and buries it.
    get raw(): string {
      throw new InvalidCallbackError('callback', message)
    },
    query: {},
    receivedAt: new Date(0),
  }
}
