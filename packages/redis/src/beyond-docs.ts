/**
 * What is used of BullMQ and ioredis beyond their documentation, and why. No other file reaches behind it. As it may change
 * with any release, the package asks for the very version of BullMQ that its tests run with.
 */
import type { Job, IRedisTransaction, Queue, Worker } from 'bullmq'

/** The lists and sets in which BullMQ keeps a queue's jobs. */
export type List = 'wait' | 'active' | 'delayed' | 'completed' | 'failed'

/**
 * Where BullMQ keeps what of a queue. Needed as BullMQ looks into a queue by the number of an entry only, and finds no entry
 * again after others have left; and as our scripts work beside its own.
 */
export interface Keys {
  /** What all of them begin with. */
  base: string
  list(name: List): string
  job(id: string): string
  /** Who has a job, for as long as its lease lasts. */
  lock(id: string): string
  /** The ids of running jobs whose locks are looked for. */
  stalled: string
  /** What wakes a worker that waits. */
  marker: string
}

export function keysOf({ toKey }: Pick<Queue | Worker, 'toKey'>): Keys {
  return {
    base: toKey(''),
    list: toKey,
    job: toKey,
    lock: (id) => `${toKey(id)}:lock`,
    stalled: toKey('stalled'),
    marker: toKey('marker'),
  }
}

/**
 * The fields of a stored job that our scripts read: how often its runs were cut off, how many runs have ended and begun, and
 * when it was made. The last is ours, and BullMQ leaves it alone: at how many crashes the job was taken last.
 */
export const FIELD = {
  crashes: 'stc',
  ended: 'atm',
  begun: 'ats',
  madeAt: 'timestamp',
  takenAt: 'luma:stc',
} as const

/** A key beside that of a job, which goes with it. */
export const LOGS = ':logs'

/**
 * For scripts whose first argument is `base`: whether a job is somewhere where it will run, or be dead. What was just added
 * is at the head of the list that is looked at first.
 */
export const IS_QUEUED = `
local queue = ARGV[1]
local function isQueued(id)
  for _, list in ipairs({'wait', 'active', 'paused'}) do
    if redis.call('LPOS', queue .. list, id) then return true end
  end
  for _, set in ipairs({'delayed', 'failed', 'prioritized', 'waiting-children'}) do
    if redis.call('ZSCORE', queue .. set, id) then return true end
  end
  return false
end`

/** In the delayed set the score is the time with twelve bits behind it, which keep jobs of one time in order. */
export function dueAtOf(score: string | null): number | undefined {
  return score === null ? undefined : Math.floor(Number(score) / 0x1000)
}

/** Adds a job within a transaction of ours: BullMQ has no step that adds one only if something else holds. */
export function addTo(transaction: Pick<IRedisTransaction, 'runCommand'>, queue: Queue, job: Job): void {
  void queue.getBackend().addJobToTransaction(transaction as IRedisTransaction, job.asJSON(), job.id ?? '')
}

/** Puts back what was left behind. BullMQ's own timer would do so in the moment that Redis is back. */
export async function putBackStalled(worker: Worker): Promise<number> {
  return (await worker.getBackend().moveStalledJobsToWait()).length
}

/** Whether there is work, waited for up to so many seconds: one who takes jobs by hand is not woken by BullMQ. */
export async function waitForMarker(worker: Worker, seconds: number): Promise<boolean> {
  return (await worker.getBackend().waitForJob(seconds)) !== null
}

/** What a job is told of attempts when it is added cannot depend on the receiver that runs it: it is told before each end. */
export function failAgainIn(job: Job, delay: number): void {
  job.opts.attempts = Number.POSITIVE_INFINITY
  job.opts.backoff = { type: 'fixed', delay }
}

/** The same for one that has failed for good. */
export function failForGood(job: Job): void {
  job.opts.attempts = 0
}

/** Why ioredis's transaction was discarded, which its own error does not say. */
export function causeOf(error: unknown): Error {
  const [cause = error as Error] = (error as { previousErrors?: Error[] }).previousErrors ?? []
  return cause
}
