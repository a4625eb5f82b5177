import { foreignJob, type Clock, type InboxEngine, type Job } from '@luma-callback/core/inbox'
import { ErrorCode, type Job as BullJob, type Queue, type Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { failAgainIn, failForGood, FIELD, keysOf } from './beyond-docs.ts'
import { QUEUE, seenKeys, toSource, type CallbackData } from './callback-job.ts'
import { problemOf } from './connection.ts'
import { toBullError } from './failures.ts'
import { hold } from './leases.ts'
import type { Waker } from './waker.ts'

/** A job that this process holds the lock of, under a token that no other lease has. */
export interface RedisJob extends Job {
  readonly bullJob: BullJob<CallbackData | null>
  readonly token: string
}

export interface JobStoreOptions {
  queue: Queue
  redis: Redis
  worker: Worker
  prefix: string
  /** Milliseconds. */
  lease: number
  /** Milliseconds. */
  retention: number
  waker: Waker
  clock: Clock
}

type Jobs = Pick<InboxEngine<RedisJob>, 'take' | 'renew' | 'complete' | 'retry' | 'bury' | 'putBack'>

/** What BullMQ says of a job that is not ours any more. */
const LOST: readonly unknown[] = [
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
]

/** Taking jobs and ending them: BullMQ's way of processing jobs by hand, its locks, retries and stalled jobs. */
export function createJobStore(options: JobStoreOptions): Jobs {
  const { queue, redis, worker, prefix, lease, retention, waker, clock } = options
  const { seen } = seenKeys(prefix)
  const keys = keysOf(queue)
  let leases = 0

  async function takeOne(): Promise<RedisJob | undefined> {
    const token = `${worker.id}:${++leases}`
    const bullJob = (await worker.getNextJob(token, { block: false })) as RedisJob['bullJob'] | undefined
    if (!bullJob) return undefined
    const { data, attemptsMade, stalledCounter } = bullJob
    const isRecovered = stalledCounter > 0 && (await wasCutOff(bullJob).catch(() => true))
    return {
      source: (data && toSource(data)) ?? foreignJob(bullJob.id ?? '', QUEUE),
      attempt: attemptsMade + 1,
      crashes: stalledCounter,
      isRecovered,
      bullJob,
      token,
    }
  }

  /** Whether the run before this one ended with its process, or with its lease. */
  async function wasCutOff({ id, stalledCounter }: BullJob): Promise<boolean> {
    const key = keys.job(id ?? '')
    const before = Number((await redis.hget(key, FIELD.takenAt)) ?? 0)
    await redis.hset(key, FIELD.takenAt, stalledCounter)
    return stalledCounter > before
  }

  /** As many at once as there were in the round before and again: an idle worker asks for one, a busy one for all. */
  async function take(count: number): Promise<RedisJob[]> {
    waker.heed()
    if (redis.status !== 'ready') {
      // BullMQ would wait until there is a connection, and whoever closes would wait for that.
      const problem = problemOf(redis)
      if (problem) throw problem
      return []
    }
    const taken: RedisJob[] = []
    for (let asked = 1; taken.length < count; asked *= 2) {
      const wanted = Math.min(asked, count - taken.length)
      const results = await Promise.allSettled(Array.from({ length: wanted }, takeOne))
      const jobs = results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []))
      taken.push(...jobs)
      const failed = results.find((result) => result.status === 'rejected')
      // What was taken has to run all the same: nobody else can have it.
      if (failed && taken.length === 0) throw failed.reason
      if (jobs.length < wanted) {
        waker.waitForWork()
        break
      }
    }
    return taken
  }

  /** Writes how a run ended; false if it was not ours to write any more. */
  async function end(job: RedisJob, write: () => Promise<unknown>): Promise<boolean> {
    const code = await lossOf(write)
    if (code !== undefined) {
      // A lock that ran out is no loss yet: Redis may have been away, and nobody has taken the job.
      if (code !== ErrorCode.JobLockNotExist || !(await renew(job))) return isWritten(job)
      await write()
    }
    return true
  }

  /** The write before may have come through although its answer did not. Only an end that counts is told by it. */
  async function isWritten({ bullJob, attempt }: RedisJob): Promise<boolean> {
    const [made, started] = await redis.hmget(keys.job(bullJob.id ?? ''), FIELD.ended, FIELD.begun)
    return Number(made ?? 0) === attempt && Number(started ?? 0) === bullJob.attemptsStarted
  }

  function renew({ bullJob, token }: RedisJob): Promise<boolean> {
    return hold(redis, keys, { id: bullJob.id ?? '', token, start: bullJob.attemptsStarted, lease })
  }

  return {
    take,
    renew,
    async complete(job) {
      const { bullJob, token } = job
      const { id = '', data } = bullJob
      const isOurs = await end(job, () => bullJob.moveToCompleted(null, token, false))
      // From its end on the key may be forgotten some day, and not before.
      if (isOurs) await redis.set(seen(id), data?.digest ?? '', 'PX', retention)
      return isOurs
    },
    retry(job, failure, delay) {
      failAgainIn(job.bullJob, delay)
      return end(job, () => job.bullJob.moveToFailed(toBullError(failure), job.token, false))
    },
    bury(job, failure) {
      // BullMQ has no queue of dead letters; what has failed for good is kept among the failed ones, where it can be
      // looked at and retried.
      failForGood(job.bullJob)
      return end(job, () => job.bullJob.moveToFailed(toBullError(failure), job.token, false))
    },
    putBack(job, delay) {
      const { bullJob, token } = job
      return end(job, () => (delay > 0 ? bullJob.moveToDelayed(clock.now() + delay, token) : bullJob.moveToWait(token)))
    },
  }
}

/** What BullMQ says if the job is not ours; undefined if the write came through. */
async function lossOf(write: () => Promise<unknown>): Promise<unknown> {
  try {
    await write()
    return undefined
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (!LOST.includes(code)) throw error
    return code
  }
}
