import { StoreUnavailableError } from '@luma-callback/core'
import type { InboxEngine, InboxOptions, Job } from '@luma-callback/core/inbox'
import { systemClock } from '@luma-callback/core/internal'
import { readJson, readPage, toEntry, toPosition } from './entries.ts'
import type { Ending, TakenRow } from './jobs.ts'
import { toNewCallback } from './new-callback.ts'
import type { ThreadClient } from './thread-client.ts'

/** A job of a file; `takes` is what its lease is known by. */
export interface SqliteJob extends Job {
  readonly id: number
  readonly takes: number
}

/** The engine of an inbox in a file, by way of the thread that has it open. `lease` in milliseconds. */
export function createFileEngine(thread: ThreadClient, path: string, lease: number): InboxEngine<SqliteJob> {
  const { call } = thread
  let begun: InboxOptions | undefined
  let lastProblem: string | undefined

  const now = (): number => (begun?.clock ?? systemClock).now()

  function end({ id, takes }: SqliteJob, ending: Partial<Ending> & Pick<Ending, 'state'>): Promise<boolean> {
    return call('end', id, takes, { at: now(), uncounted: 0, failure: null, ...ending })
  }

  /** Told once, not at each look. */
  function tellProblem(problem: string | undefined): void {
    if (problem !== undefined && problem !== lastProblem) {
      const error = new StoreUnavailableError(`the inbox ${path} could not be tidied up`, { cause: new Error(problem) })
      begun?.emit({ type: 'error', error })
    }
    lastProblem = problem
  }

  return {
    name: `the inbox ${path}`,
    open: () => thread.open(),
    async begin(options) {
      begun = options
      await thread.register()
    },
    record: (callback, forgetBefore) => call('record', toNewCallback(callback), forgetBefore.getTime()),
    take: async (count) => (await call('take', count, now(), lease)).map(toJob),
    renew: ({ id, takes }) => call('renew', id, takes, lease),
    complete: (job) => end(job, { state: 'done' }),
    retry: (job, failure, delay) => end(job, { state: 'pending', at: now() + delay, failure }),
    bury: (job, failure) => end(job, { state: 'dead', failure }),
    putBack: (job, delay) => end(job, { state: 'pending', at: now() + delay, uncounted: 1 }),
    async recover() {
      const { count, problem } = await call('recover', {
        now: now(),
        maxDelay: begun?.retry.maxDelay ?? Infinity,
        lease,
      })
      tellProblem(problem)
      return count
    },
    async list({ state, cursor, limit }) {
      const after = cursor === undefined ? undefined : toPosition(cursor)
      return readPage((position, count) => call('list', state, position, count), after, limit)
    },
    async get(key) {
      const row = await call('get', key)
      return row && toEntry(row)
    },
    requeue: ({ key, most }) => call('requeue', key, now(), most),
    stats: () => call('stats'),
    purge: ({ keep, most }) => call('purge', keep, most),
    forget: ({ before, most }) => call('forget', before.getTime(), most),
    // A write that fails for a lock is tried again, until nobody waits for it any more.
    hurry: () => thread.hurry(),
    close: () => thread.close(),
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
