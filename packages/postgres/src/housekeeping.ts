import { StoreUnavailableError } from '@luma-callback/core'
import type { InboxOptions, Timer } from '@luma-callback/core/inbox'
import type { PgBoss } from 'pg-boss'
import { QUEUE } from './callback-job.ts'
import type { Database } from './database.ts'
import { atMicros, microsOf } from './statement.ts'
import { claimAbandoned } from './undocumented.ts'

/** Of what is done, this many of the latest stay to be looked at. */
const DONE_KEPT = 10_000
/** Rows that one step touches, so that callbacks go in between. */
const STEP = 500
/** How often what is done or old is cleared away, in milliseconds. */
const SWEEP_INTERVAL = 5_000

interface HousekeepingOptions extends Pick<InboxOptions, 'retention' | 'emit' | 'clock'> {
  boss: PgBoss
  database: Database
  schema: string
  /** Milliseconds. */
  lease: number
  /** Milliseconds between looks for what was left behind. */
  interval: number
  /** Claims of this process, as `id:retry_count`: it lives, whatever its heartbeats say. */
  held: () => readonly string[]
  /** Called when there is work again that a dead process had left behind. */
  onRecovered: () => void
}

/**
 * What has to be done from time to time, until it is stopped. pg-boss would fail a job whose heartbeat has stopped, but takes
 * no less than 10 s for that, looks once a minute, and knows nothing of holders that need time after an outage. So no job
 * asks it to: those are looked for here, by the time of their latest `touch`, and failed by pg-boss.
 */
export function startHousekeeping(options: HousekeepingOptions): { stop: () => Promise<void> } {
  const { boss, database, schema, lease, interval, retention, emit, clock, held, onRecovered } = options
  const stopped = new AbortController()
  let lookedAt = times()
  let hasFailed = false
  let patientUntil = 0
  let sweptAt = clock.elapsed()
  let timer: Timer | undefined
  let turn = look()

  /** The one clock may be set, and Postgres's own with it; the other stands still while the machine sleeps. */
  function times(): readonly number[] {
    return [clock.now(), clock.elapsed()]
  }

  /**
   * Where Postgres was away for longer than a lease, each heartbeat has stopped, because nobody could renew any; what is
   * done already and only waits to be written would be run again. So after a look that failed or came late, and with a
   * Postgres that was just started, holders are given a lease's time.
   */
  async function mayRecover(): Promise<boolean> {
    const { rows } = await database.query(
      'SELECT extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS uptime',
    )
    const now = times()
    // What holds up this process, or its way to Postgres, held up its renewals too.
    const isLate = now.some((time, index) => time - (lookedAt[index] ?? 0) > interval + lease / 3)
    if (hasFailed || isLate) patientUntil = clock.elapsed() + lease
    lookedAt = now
    hasFailed = false
    return clock.elapsed() >= patientUntil && Number(rows[0]?.['uptime']) * 1_000 >= lease
  }

  async function recover(): Promise<void> {
    const recovered = await database.transaction(async (query) => {
      const { rows } = await query(claimAbandoned(schema, STEP), [QUEUE, held(), lease])
      const jobs = rows as { id: string; retryCount: number }[]
      if (jobs.length > 0)
        await boss.fail(QUEUE, jobs, { message: 'its process ended or hung' }, { db: { executeSql: query } })
      return jobs.length
    })
    if (recovered > 0) onRecovered()
  }

  /** Finding where the kept ones end reads all of them, so it is done once for many steps. */
  async function purge(): Promise<void> {
    const until = await endOfKept(database, schema, DONE_KEPT)
    if (until === undefined) return
    while (!stopped.signal.aborted && (await purgeDone(boss, database, schema, until)) === STEP);
  }

  /** Forgets keys whose retention is over, with what is left of their callbacks; never of one that is not done. */
  async function forget(): Promise<number> {
    return database.transaction(async (query) => {
      const { rows } = await query(
        `DELETE FROM ${schema}.seen WHERE id IN (
           SELECT id FROM ${schema}.seen AS old WHERE since < now() - $2::float8 * interval '1 ms' AND NOT EXISTS (
             SELECT 1 FROM ${schema}.job WHERE name = $1 AND job.id = old.id
             AND (state <> 'completed' OR completed_on > now() - $2::float8 * interval '1 ms'))
           ORDER BY since LIMIT ${STEP} FOR UPDATE SKIP LOCKED)
         RETURNING id`,
        [QUEUE, retention],
      )
      const ids = rows.map(({ id }) => id as string)
      if (ids.length > 0) await boss.deleteJob(QUEUE, ids, { db: { executeSql: query } })
      return ids.length
    })
  }

  async function look(): Promise<void> {
    try {
      if (await mayRecover()) await recover()
      if (clock.elapsed() - sweptAt >= SWEEP_INTERVAL) {
        sweptAt = clock.elapsed()
        await purge()
        while (!stopped.signal.aborted && (await forget()) === STEP);
      }
    } catch (cause) {
      hasFailed = true
      emit({
        type: 'error',
        error: new StoreUnavailableError('the inbox on Postgres could not be tidied up', { cause }),
      })
    }
    if (!stopped.signal.aborted) schedule()
  }

  function schedule(): void {
    timer = clock.setTimeout(() => {
      turn = look()
    }, interval)
  }

  return {
    stop() {
      stopped.abort()
      clock.clearTimeout(timer)
      return turn
    },
  }
}

/** When the latest `keep` that are done had not been done yet; undefined if there are no more than those. */
async function endOfKept(database: Database, schema: string, keep: number): Promise<unknown> {
  const { rows } = await database.query(
    `SELECT ${microsOf('completed_on')} AS until FROM ${schema}.job WHERE name = $1 AND state = 'completed'
     ORDER BY completed_on DESC OFFSET $2 LIMIT 1`,
    [QUEUE, keep],
  )
  return rows[0]?.['until']
}

/** Removes up to a step of what was done by then, the oldest first; how much that was. */
export async function purgeDone(boss: PgBoss, database: Database, schema: string, until: unknown): Promise<number> {
  const { rows } = await database.query(
    `SELECT id FROM ${schema}.job WHERE name = $1 AND state = 'completed' AND completed_on <= ${atMicros('$2')}
     ORDER BY completed_on LIMIT ${STEP}`,
    [QUEUE, until],
  )
  const ids = rows.map(({ id }) => id as string)
  if (ids.length > 0) await boss.deleteJob(QUEUE, ids)
  return ids.length
}
