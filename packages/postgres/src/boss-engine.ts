import { StoreUnavailableError, type LumaCallback, type Recorded } from '@luma-callback/core'
import type { InboxEngine, InboxOptions } from '@luma-callback/core/inbox'
import { systemClock, within } from '@luma-callback/core/internal'
import type { Database } from './database.ts'
import { isGone, startEngine, type Engine } from './engine.ts'
import { createInspection } from './inspect.ts'
import { createJobStore, type PostgresJob } from './job-store.ts'
import { startListener } from './listener.ts'
import { channelOf, createRecorder } from './recorder.ts'
import { createUpkeep } from './upkeep.ts'

/** Milliseconds that pg-boss may take to stop. */
const LAST_STEP = 1_000

export interface BossEngineOptions {
  database: Database
  schema: string
  telemetry: boolean
  /** Milliseconds. */
  lease: number
}

/** pg-boss at work, and what is built on it. */
interface Opened extends Engine {
  record: (callback: LumaCallback) => Promise<Recorded>
  jobs: ReturnType<typeof createJobStore>
  upkeep: ReturnType<typeof createUpkeep>
}

/** The engine of an inbox on Postgres: pg-boss's queue, beside the memory of keys. */
export function createBossEngine(options: BossEngineOptions): InboxEngine<PostgresJob> {
  const { database, schema, telemetry, lease } = options
  let opening: Promise<Opened> | undefined
  let remaking: Promise<void> | undefined
  let begun: InboxOptions | undefined
  let engine: Opened | undefined
  let isClosed = false

  function opened(): Promise<Opened> {
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function open(): Promise<Opened> {
    const started = await startEngine({ database, schema, telemetry }, (cause) => {
      const error = new StoreUnavailableError(`pg-boss had trouble: ${cause.message}`, { cause })
      begun?.emit({ type: 'error', error })
    })
    // On a pool of the user's, which is not ended, it would go on.
    if (isClosed) await started.stop()
    const shared = { boss: started.boss, database, schema }
    engine = {
      ...started,
      record: createRecorder(shared),
      jobs: createJobStore(shared),
      upkeep: createUpkeep({ ...shared, lease, retention: () => begun?.retention ?? 0 }),
    }
    return engine
  }

  /** Into tables that are made again if somebody dropped them under this process. */
  async function record(callback: LumaCallback): Promise<Recorded> {
    const current = await opened()
    try {
      return await current.record(callback)
    } catch (error) {
      if (!isGone(error)) throw error
      remaking ??= current.remake().finally(() => {
        remaking = undefined
      })
      await remaking
      return current.record(callback)
    }
  }

  return {
    name: 'the inbox on Postgres',
    async open() {
      await opened()
    },
    async begin(inboxOptions) {
      begun = inboxOptions
    },
    record,
    take: async (count) => (await opened()).jobs.take(count),
    renew: async (job) => (await opened()).jobs.renew(job),
    complete: async (job) => (await opened()).jobs.complete(job),
    retry: async (job, failure, delay) => (await opened()).jobs.retry(job, failure, delay),
    bury: async (job, failure) => (await opened()).jobs.bury(job, failure),
    putBack: async (job, delay) => (await opened()).jobs.putBack(job, delay),
    recover: async (held) => (await opened()).upkeep.recover(held),
    purge: async (given) => (await opened()).upkeep.purge(given),
    forget: async (given) => (await opened()).upkeep.forget(given),
    ...createInspection(database, schema),
    listen: (wake) => startListener(database, channelOf(schema), wake, begun?.clock ?? systemClock),
    async uptime() {
      const { rows } = await database.query(
        'SELECT extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS uptime',
      )
      return Number(rows[0]?.['uptime']) * 1_000
    },
    async close() {
      isClosed = true
      // One that is still being opened stops by itself; what it waits for may take minutes.
      await within(
        async () => engine?.stop(),
        LAST_STEP,
        () => new Error('not in time'),
        systemClock,
      ).catch(() => {})
      await database.close()
    },
  }
}
