import type { JobInsert } from 'pg-boss'

/**
 * What is used of pg-boss beyond its documentation, and why. All else is as it documents, and so are its table `job` and
 * what is read of it. A release of pg-boss may change any of this, so the version is exact. Besides, `retryCount` is taken
 * for the number of claims before this one, cut off or not: a crash is told from a failure by it.
 */

/** For ever, as far as pg-boss can count, in seconds. */
export const FOR_EVER: number = 2 ** 31 - 1

/**
 * `send` lets no job run for more than a day; `insert` checks nothing. How long a hook may run is for `hookTimeout` to say,
 * and whether its process lives for our own lease: no heartbeat is asked for, as pg-boss knows none below 10 s.
 */
export const LASTING_JOB: Readonly<Omit<JobInsert, 'data'>> = {
  retryLimit: FOR_EVER,
  retryDelay: 0,
  retryBackoff: false,
  expireInSeconds: FOR_EVER,
  retentionSeconds: FOR_EVER,
  // 0: never.
  deleteAfterSeconds: 0,
}

/**
 * `touch`, `complete` and `fail` tell which ids they changed, though their types do not say so. They are asked for many jobs
 * at once, of which a few may have been lost.
 */
export function toVerdicts(jobs: readonly { id: string }[], response: object): boolean[] {
  const { settled } = response as { settled?: unknown }
  if (!Array.isArray(settled)) throw new Error('pg-boss did not tell which jobs it changed')
  const changed = new Set<unknown>(settled)
  return jobs.map(({ id }) => changed.has(id))
}

/**
 * Before `fail`, which retries what has retries left and keeps the rest as failed: those are our dead letters, where
 * dashboards look for them. `update`, which sets the limit and the data, takes no job that is active.
 */
export function beforeFail(schema: string): string {
  return `
    UPDATE ${schema}.job AS job SET retry_limit = ended.retry_limit, data = job.data || ended.data
    FROM jsonb_to_recordset($2::jsonb) AS ended (id uuid, retry_count int, retry_limit int, data jsonb)
    WHERE job.name = $1 AND job.id = ended.id AND job.retry_count = ended.retry_count AND job.state = 'active'`
}

/**
 * After it, in the same transaction. `fail` counts delays in whole seconds and gives all jobs of a call one output; `update`
 * takes one job at a time, and none that has failed.
 */
export function afterFail(schema: string): string {
  return `
    UPDATE ${schema}.job AS job SET output = ended.output,
      start_after = coalesce(now() + ended.delay * interval '1 ms', job.start_after)
    FROM jsonb_to_recordset($2::jsonb) AS ended (id uuid, delay float8, output jsonb)
    WHERE job.name = $1 AND job.id = ended.id AND job.id = ANY($3::uuid[])`
}

/**
 * What its holder has not touched for a lease, locked, to be failed. Whoever retries a job in a dashboard gives it one
 * attempt, which a crash must not use up; again `update` takes no job that is active.
 */
export function claimAbandoned(schema: string, most: number): string {
  return `
    UPDATE ${schema}.job SET retry_limit = ${FOR_EVER} WHERE name = $1 AND id IN (
      SELECT id FROM ${schema}.job WHERE name = $1 AND state = 'active' AND id || ':' || retry_count <> ALL($2::text[])
      AND heartbeat_on < now() - $3::float8 * interval '1 ms' LIMIT ${most} FOR UPDATE SKIP LOCKED)
    RETURNING id, retry_count AS "retryCount"`
}

/**
 * What is dead is due again, with all its attempts and no crashes. `retry` gives one attempt more, leaves the data as it is,
 * and takes no job that was cancelled.
 */
export function requeueDead(schema: string, which: string): string {
  return `
    WITH requeued AS (
      UPDATE ${schema}.job SET state = 'retry', retry_limit = ${FOR_EVER}, completed_on = NULL, start_after = now(),
        data = data || jsonb_build_object('attempts', 0, 'crashes', 0, 'endedRun', retry_count)
      WHERE name = $1 AND id IN (${which})
      RETURNING 1
    ) SELECT count(*) AS count FROM requeued`
}
