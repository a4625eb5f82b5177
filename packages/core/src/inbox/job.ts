import type { CallbackSource } from '../callback/parse.ts'
import type { InboxOptions } from './contract.ts'
import type { JobFailure } from './failure.ts'
import type { Deliver } from '../hooks/hooks.ts'

/** A job in an engine's queue that is not a callback. */
export interface ForeignJob {
  readonly key: string
  /** Says so, and where it is. */
  readonly problem: string
}

/** A callback that a store has leased to this process. */
export interface Job {
  readonly source: Required<CallbackSource> | ForeignJob
  /** Which run of the hook this is, counted from 1; runs that a crash or a close cut off do not count. */
  readonly attempt: number
  /** How many runs ended with their process, or with their lease. */
  readonly crashes: number
  /** Whether the run before this one ended so. */
  readonly isRecovered: boolean
}

/**
 * What a runner needs of an engine. Each method is one atomic write; those that take a job change nothing and
 * resolve to false if its lease was lost. After a rejected promise, either may be the case.
 */
export interface JobStore<Held extends Job = Job> {
  /** Leases up to `count` jobs that are due, the longest due first. */
  take(count: number): Promise<readonly Held[]>
  /** Holds the lease for another while. */
  renew(job: Held): Promise<boolean>
  complete(job: Held): Promise<boolean>
  /** Ends a failed run and keeps what it failed with; the next one is due in `delay` milliseconds. */
  retry(job: Held, failure: JobFailure, delay: number): Promise<boolean>
  /** Ends the last run: dead, until someone requeues it. */
  bury(job: Held, failure: JobFailure): Promise<boolean>
  /** Ends a run that was cut off. It is due again at once and has not counted. */
  giveBack(job: Held): Promise<boolean>
}

/** The options of `createRunner`. */
export interface RunnerOptions<Held extends Job> extends InboxOptions {
  /** The jobs, in the engine. */
  store: JobStore<Held>
  /** Runs the hook for a callback. */
  deliver: Deliver
  /** How long a lease holds without being renewed, in milliseconds. */
  lease: number
  /** Milliseconds between two questions for jobs that no wake-up announced. */
  pollInterval: number
}

/** Stands in for a callback where another program put a job into the engine's queue. The runner reports and buries it. */
export function foreignJob(jobId: string, queue: string): ForeignJob {
  const problem = `job ${jobId} of the queue ${queue} is no callback; another program put it there`
  return { key: `job ${jobId}`, problem }
}
