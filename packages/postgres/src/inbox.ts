import { AsyncLocalStorage } from 'node:async_hooks'
import {
  ClosedError,
  isLumaError,
  StoreUnavailableError,
  type DurableInbox,
  type LumaCallback,
  type Recorded,
} from '@luma-callback/core'
import { createRunner, type Deliver, type InboxOptions, type Runner } from '@luma-callback/core/inbox'
import { closeTimeout, pause, systemClock, toError, within } from '@luma-callback/core/internal'
import { openDatabase, type PostgresConnection } from './database.ts'
import { isGone, startEngine, type Engine } from './engine.ts'
import { purgeDone, startHousekeeping } from './housekeeping.ts'
import { createJobStore, type PostgresJobStore } from './job-store.ts'
import { startListener } from './listener.ts'
import { createInspection } from './inspect.ts'
import { checkNode, readInboxOptions, type PostgresInboxOptions } from './options.ts'
import { channelOf, createRecorder } from './recorder.ts'

/** How often a Postgres that was away at the start is tried again, in milliseconds. */
const RETRY_INTERVAL = 1_000
/** However long a lease may be, what has outlived it is found as soon as this, in milliseconds. */
const LONGEST_INTERVAL = 5_000
/** What each of the last steps of closing may take, in milliseconds. */
const LAST_WRITES = 2_000

/** What there is only once the inbox was started. */
interface Work {
  runner: Runner
  store: PostgresJobStore
  housekeeping: { stop: () => Promise<void> }
  listener: { stop: () => Promise<void> }
}

/** An engine that runs, and the way in. */
interface Opened extends Engine {
  record: (callback: LumaCallback) => Promise<Recorded>
}

/**
 * A durable inbox on Postgres, built on pg-boss and shared by any number of processes and machines. What was recorded is
 * committed before the answer and is delivered until it is done or dead, also when a process dies.
 *
 * @param connection - A URL, or a pool of pg with room for three connections, which is never closed.
 * @throws TypeError for a connection or option that is wrong or unknown.
 * @throws NodeVersionError (`ERR_LUMA_NODE_VERSION`) below Node 22.13.
 * @example
 * ```ts
 * import { lumaCallback } from '@luma-callback/express'
 * import { postgresInbox } from '@luma-callback/postgres'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   inbox: postgresInbox('postgres://127.0.0.1/shop'),
 * })
 * ```
 */
export function postgresInbox(connection: PostgresConnection, options: PostgresInboxOptions = {}): DurableInbox {
  checkNode()
  const { schema, timeout, lease, pollInterval, telemetry } = readInboxOptions(options)
  const database = openDatabase('postgresInbox', connection)
  const inspection = createInspection(database, schema)
  // A request may open what all of them share.
  const inMaking = AsyncLocalStorage.snapshot()
  let opening: Promise<Opened> | undefined
  let engine: Opened | undefined
  let remaking: Promise<void> | undefined
  let inboxOptions: InboxOptions | undefined
  let work: Work | undefined
  const closed = new AbortController()
  const ended = new Promise<never>((_resolve, reject) => {
    closed.signal.addEventListener('abort', () => reject(wasClosed()))
  })
  ended.catch(() => {})
  let closing: Promise<void> | undefined

  /** One that failed is tried again by whoever asks next. */
  function open(): Promise<Opened> {
    opening ??= inMaking(openEngine).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function openEngine(): Promise<Opened> {
    const started = await startEngine({ database, schema, telemetry }, (cause) => {
      const error = new StoreUnavailableError(`pg-boss had trouble: ${cause.message}`, { cause })
      inboxOptions?.emit({ type: 'error', error })
    })
    if (closing) {
      // On a pool of the user's, which is not ended, it goes on where a slow Postgres let it.
      await started.stop()
      throw wasClosed()
    }
    const record = createRecorder({ boss: started.boss, database, schema })
    engine = { ...started, record }
    return engine
  }

  /** Into tables that are made again if somebody dropped them under this process. */
  async function recordIn({ record, remake }: Opened, callback: LumaCallback): Promise<Recorded> {
    try {
      return await inTime(() => record(callback))
    } catch (error) {
      if (!isGone(error)) throw error
      remaking ??= remake().finally(() => {
        remaking = undefined
      })
      await untilClosed(remaking)
      return inTime(() => record(callback))
    }
  }

  /** A call that Postgres answers within the timeout, or that fails. */
  function ask<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    return attempt(what, () => inTime(call))
  }

  function inTime<Result>(call: () => Promise<Result>): Promise<Result> {
    return within(call, timeout, () => new Error(`no answer within ${timeout} ms`), systemClock)
  }

  async function attempt<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    if (closing) throw wasClosed()
    try {
      return await call()
    } catch (cause) {
      if (cause instanceof TypeError || isLumaError(cause)) throw cause
      throw new StoreUnavailableError(`Postgres could not ${what}: ${(cause as Error).message}`, { cause })
    }
  }

  /** Making the schema takes its time; for how long a callback waits for that, its answer decides. */
  async function opened(): Promise<Opened> {
    return engine ?? untilClosed(open())
  }

  function untilClosed<Result>(call: Promise<Result>): Promise<Result> {
    return Promise.race([call, ended])
  }

  async function begin(deliver: Deliver, given: InboxOptions): Promise<void> {
    const { boss } = await opened()
    if (closing) return
    const store = createJobStore({ boss, database, schema })
    const runner = createRunner({ ...given, store, deliver, lease, pollInterval })
    const wake = (): void => runner.wake()
    const interval = Math.min(Math.ceil(lease / 3), LONGEST_INTERVAL)
    const shared = { boss, database, schema, lease, interval, held: store.held, onRecovered: wake }
    const housekeeping = startHousekeeping({ ...given, ...shared })
    const listener = startListener(database, channelOf(schema), wake, given.clock)
    work = { runner, store, housekeeping, listener }
  }

  /** Postgres was away when the receiver started: it answers 503 until it is there, and works then. */
  async function beginLater(deliver: Deliver, given: InboxOptions): Promise<void> {
    while (!closed.signal.aborted) {
      await pause(RETRY_INTERVAL, closed.signal, given.clock)
      const hasBegun = begin(deliver, given).then(
        () => true,
        () => false,
      )
      if (await hasBegun) return
    }
  }

  async function shutDown(patience: number): Promise<void> {
    await Promise.all([work?.listener.stop(), work?.housekeeping.stop()])
    await work?.runner.close({ timeout: patience })
    // A hook that heeds no signal runs on; another process may begin it anew at once.
    await soon(async () => work?.store.letGo())
    await soon(async () => (await opening)?.stop())
    await database.close()
  }

  /** Whether it could be done or not, the process shall end. */
  function soon(call: () => Promise<void>): Promise<void> {
    return within(call, LAST_WRITES, () => new Error('not in time'), systemClock).catch(() => {})
  }

  return {
    async record(callback) {
      const recorded = await attempt(`record task ${callback.taskId}`, async () => recordIn(await opened(), callback))
      if (recorded === 'recorded') work?.runner.wake()
      return recorded
    },
    async start(deliver, given) {
      if (closing) throw wasClosed()
      if (inboxOptions) throw new TypeError('the inbox on Postgres was started already; make one for each receiver')
      inboxOptions = given
      try {
        await begin(deliver, given)
      } catch (cause) {
        if (closing) return
        const message = `the inbox on Postgres is not at work yet: ${toError(cause).message}`
        const error = new StoreUnavailableError(message, { cause })
        given.emit({ type: 'error', error })
        void beginLater(deliver, given)
      }
    },
    async close(closeOptions) {
      const patience = closeTimeout(closeOptions)
      closed.abort()
      closing ??= shutDown(patience)
      return closing
    },
    list: (listOptions) => ask('be asked for a list', () => inspection.list(listOptions)),
    get: (key) => ask('be asked for a callback', () => inspection.get(key)),
    async requeue(key) {
      const deadAt = await ask('requeue', () => inspection.now())
      let total = 0
      for (;;) {
        const count = await ask('requeue', () => inspection.requeue(deadAt, key))
        if (count === 0) return total
        total += count
        work?.runner.wake()
      }
    },
    stats: () => ask('be asked for its counts', () => inspection.stats()),
    async purge() {
      const { boss } = await attempt('purge what is done', opened)
      const now = await ask('purge what is done', () => inspection.now())
      let total = 0
      for (;;) {
        const count = await ask('purge what is done', () => purgeDone(boss, database, schema, now))
        if (count === 0) return total
        total += count
      }
    },
  }
}

function wasClosed(): ClosedError {
  return new ClosedError('the inbox on Postgres was closed')
}
