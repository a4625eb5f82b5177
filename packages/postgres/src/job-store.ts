import { gather, foreignJob, type InboxEngine, type Job, type JobFailure } from '@luma-callback/core/inbox'
import { LATE } from '@luma-callback/core/internal'
import type { PgBoss } from 'pg-boss'
import { crashesOf, QUEUE, toSource, type CallbackData } from './callback-job.ts'
import type { Database } from './database.ts'
import { afterFail, beforeFail, FOR_EVER, toVerdicts } from './undocumented.ts'

/** A job that this process has claimed. pg-boss counts the claims of a job, and the count is what a claim is known by. */
export interface PostgresJob extends Job {
  readonly id: string
  readonly retryCount: number
}

type Jobs = Pick<InboxEngine<PostgresJob>, 'take' | 'renew' | 'complete' | 'retry' | 'bury' | 'putBack'>

export interface JobStoreOptions {
  boss: PgBoss
  database: Database
  schema: string
}

/** What is changed of a job's data when its run has failed. */
type Failure = Pick<CallbackData, 'attempts' | 'lastError' | 'failureCode'>

/** How a run ended that did not succeed. */
interface Ending {
  job: PostgresJob
  /** Milliseconds until the next run; undefined if there is none. */
  delay: number | undefined
  changes: Failure
}

/** Runs whose ends are written in one transaction. */
const MOST = 200

/** Taking jobs and ending them: pg-boss's claims, heartbeats and retries, each write fenced to the claim. */
export function createJobStore({ boss, database, schema }: JobStoreOptions): Jobs {
  async function take(count: number): Promise<PostgresJob[]> {
    const claimed = await boss.fetch<CallbackData | null>(QUEUE, { batchSize: count, includeMetadata: true })
    return claimed.map(toJob)
  }

  /** Which of them were still ours; pg-boss does many in one statement. */
  const touch = gather(async (jobs: readonly PostgresJob[]) =>
    toVerdicts(jobs, await boss.touch(QUEUE, claimsOf(jobs))),
  )
  const complete = gather(async (jobs: readonly PostgresJob[]) => {
    const verdicts = toVerdicts(jobs, await boss.complete(QUEUE, claimsOf(jobs), null))
    // Of what was done late the retention counts from now.
    const late = jobs.filter(wasLate).map(({ id }) => id)
    if (late.length > 0) {
      await database.query(`UPDATE ${schema}.seen SET since = now() WHERE id = ANY($1::uuid[])`, [late])
    }
    return verdicts
  })

  /**
   * Ends runs that did not succeed: due again in so many milliseconds, or never. By pg-boss's own failure, and what it
   * counts otherwise than we do, whole seconds of delay and all claims as attempts, is set right in the same transaction.
   * Many go together: where each hook fails, each one's transaction would keep a connection from those that record.
   */
  const fail = gather(async (endings: readonly Ending[]) => {
    const jobs = endings.map(({ job }) => job)
    const ended = JSON.stringify(endings.map(toRow))
    return database.transaction(async (query) => {
      await query(beforeFail(schema), [QUEUE, ended])
      const verdicts = toVerdicts(jobs, await boss.fail(QUEUE, claimsOf(jobs), null, { db: { executeSql: query } }))
      const ours = jobs.filter((_, index) => verdicts[index]).map(({ id }) => id)
      await query(afterFail(schema), [QUEUE, ended, ours])
      return verdicts
    })
  }, MOST)

  async function endFailed(job: PostgresJob, delay?: number, changes: Failure = {}): Promise<boolean> {
    const isOurs = await fail({ job, delay, changes })
    return isOurs || isWritten(job, `(data->>'endedRun')::int = retry_count`)
  }

  return {
    take,
    renew: (job) => touch(job),
    async complete(job) {
      const isOurs = await complete(job)
      return isOurs || isWritten(job, `state = 'completed'`)
    },
    retry: (job, failure, delay) => endFailed(job, delay, failureOf(job, failure)),
    bury: (job, failure) => endFailed(job, undefined, failureOf(job, failure)),
    putBack: (job, delay) => endFailed(job, delay),
  }

  /** The write before may have come through although its answer did not. */
  async function isWritten({ id, retryCount }: PostgresJob, trace: string): Promise<boolean> {
    const { rows } = await database.query(
      `SELECT 1 FROM ${schema}.job WHERE name = $1 AND id = $2 AND retry_count = $3 AND ${trace}`,
      [QUEUE, id, retryCount],
    )
    return rows.length > 0
  }
}

function wasLate({ source }: PostgresJob): boolean {
  return 'receivedAt' in source && Date.now() - source.receivedAt.getTime() > LATE
}

/** pg-boss counts claims, and a crash for a failed run. Which it was tells the run that is known to have ended. */
function toJob({ id, data, retryCount }: { id: string; data: CallbackData | null; retryCount: number }): PostgresJob {
  const { crashes, justNow } = crashesOf(data ?? {}, retryCount)
  return {
    source: (data && toSource(data)) ?? foreignJob(id, QUEUE),
    attempt: (data?.attempts ?? 0) + 1,
    crashes,
    isRecovered: justNow > 0,
    id,
    retryCount,
  }
}

function toRow({ job: { id, retryCount, crashes }, delay, changes }: Ending): object {
  const { lastError, failureCode } = changes
  return {
    id,
    retry_count: retryCount,
    retry_limit: delay === undefined ? retryCount : FOR_EVER,
    delay,
    data: { ...changes, crashes, endedRun: retryCount },
    output: lastError === undefined ? null : { message: lastError, code: failureCode },
  }
}

function failureOf({ attempt }: PostgresJob, { text, code }: JobFailure): Failure {
  return { attempts: attempt, lastError: text, failureCode: code ?? null }
}

function claimsOf(jobs: readonly PostgresJob[]): { id: string; retryCount: number }[] {
  return jobs.map(({ id, retryCount }) => ({ id, retryCount }))
}
