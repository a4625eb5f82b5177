import type { Clock, Job, JobStore } from '@luma-callback/core/inbox'
import type { Connection } from './connection.ts'
import { readJson } from './entries.ts'
import type { Ending, TakenRow } from './jobs.ts'

/** A job of this file; `takes` is what its lease is known by. */
interface SqliteJob extends Job {
  readonly id: number
  readonly takes: number
}

/** The runner's view of a file. */
export function createJobStore({ call }: Pick<Connection, 'call'>, lease: number, clock: Clock): JobStore<SqliteJob> {
  function end({ id, takes }: SqliteJob, ending: Partial<Ending> & Pick<Ending, 'state'>): Promise<boolean> {
    return call('end', id, takes, { at: clock.now(), uncounted: 0, failure: null, ...ending })
  }

  return {
    take: async (count) => (await call('take', count, clock.now(), lease)).map(toJob),
    renew: ({ id, takes }) => call('renew', id, takes, lease),
    complete: (job) => end(job, { state: 'done' }),
    retry: (job, failure, delay) => end(job, { state: 'pending', at: clock.now() + delay, failure }),
    bury: (job, failure) => end(job, { state: 'dead', failure }),
    giveBack: (job) => end(job, { state: 'pending', uncounted: 1 }),
  }
}

function toJob(row: TakenRow): SqliteJob {
  return {
    id: row.id,
    takes: row.takes,
    source: {
      key: readJson(row.key, row.key),
      raw: row.raw,
      query: readJson<Record<string, string>>(row.query, {}),
      receivedAt: new Date(row.received_at),
    },
    attempt: row.attempts,
    crashes: row.crashes,
    isRecovered: row.is_recovered === 1,
  }
}
