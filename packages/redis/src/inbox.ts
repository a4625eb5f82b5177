import { AsyncLocalStorage } from 'node:async_hooks'
import { hostname } from 'node:os'
import { ClosedError, isLumaError, StoreUnavailableError, type DurableInbox } from '@luma-callback/core'
import { createRunner, type Runner } from '@luma-callback/core/inbox'
import { closeTimeout, systemClock, within } from '@luma-callback/core/internal'
import { Worker } from 'bullmq'
import { QUEUE } from './callback-job.ts'
import { checkForQueue, connector, openQueue, problemOf, type OpenQueue, type RedisConnection } from './connection.ts'
import { warnOfLosses } from './durability.ts'
import { createJobStore, type RedisJobStore } from './job-store.ts'
import { createInspection } from './inspect.ts'
import { readInboxOptions, type RedisInboxOptions } from './options.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { startRecovery } from './recovery.ts'
import { explained } from './rights.ts'
import { createWaker, type Waker } from './waker.ts'

/** Of what is done, this many of the latest stay to be looked at. */
const DONE_KEPT = 10_000
/**
 * Looks for what was left behind in the time of a lease. BullMQ needs two of them after a lock has run out, one that marks
 * a job and one that finds it still so.
 */
const LOOKS = 5

/** What there is only once the inbox was started. */
interface Work {
  runner: Runner
  waker: Waker
  recovery: { stop: () => void }
  worker: Worker
  store: RedisJobStore
}

/**
 * A durable inbox on Redis, built on BullMQ and shared by any number of processes and machines. What was recorded is
 * delivered until it is done or dead, also when a process dies. It is as durable as the Redis behind it: switch
 * `appendonly` on, with `appendfsync always` if not even a crash of its machine may lose a callback.
 *
 * @param connection - A URL, or a connection of ioredis, which is copied and never closed.
 * @throws TypeError for a connection or option that is wrong or unknown.
 * @example
 * ```ts
 * import { lumaCallback } from '@luma-callback/express'
 * import { redisInbox } from '@luma-callback/redis'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   inbox: redisInbox('redis://127.0.0.1'),
 * })
 * ```
 */
export function redisInbox(connection: RedisConnection, options: RedisInboxOptions = {}): DurableInbox {
  const { prefix, timeout, lease, pollInterval } = readInboxOptions(options)
  const connect = connector('redisInbox', connection)
  checkForQueue('redisInbox', connection, prefix)
  // The first request opens what all of them share.
  const inMaking = AsyncLocalStorage.snapshot()
  let recorder: Recorder | undefined
  let shared: OpenQueue | undefined
  let work: Work | undefined
  let closing: Promise<void> | undefined

  function open(): OpenQueue {
    if (closing) throw new ClosedError('the inbox on Redis was closed')
    shared ??= inMaking(() => openQueue(connect, prefix))
    return shared
  }

  /** A call that Redis answers within the timeout, or that fails. */
  async function ask<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    if (closing) throw new ClosedError('the inbox on Redis was closed')
    const late = (): Error =>
      recorder?.problem() ?? problemOf(shared?.redis) ?? new Error(`no answer within ${timeout} ms`)
    try {
      return await within(call, timeout, late, systemClock)
    } catch (cause) {
      if (cause instanceof TypeError || isLumaError(cause, 'ERR_LUMA_CLOSED')) throw cause
      throw new StoreUnavailableError(`Redis could not ${what}: ${explained(cause as Error).message}`, { cause })
    }
  }

  const inspection = createInspection(prefix, async () => {
    const opened = open()
    await opened.queue.waitUntilReady()
    return opened
  })

  async function shutDown(patience: number): Promise<void> {
    work?.waker.stop()
    work?.recovery.stop()
    await work?.runner.close({ timeout: patience })
    // A hook that heeds no signal runs on; another process may begin it anew at once.
    await work?.store.letGo()
    await work?.worker.close(true).catch(() => {})
    await recorder?.close()
    await shared?.queue.close().catch(() => {})
    shared?.redis.disconnect()
  }

  return {
    async record(callback) {
      const recorded = await ask(`record task ${callback.taskId}`, () => {
        recorder ??= inMaking(() => createRecorder(connect, prefix))
        return recorder.record(callback)
      })
      if (recorded === 'recorded') work?.runner.wake()
      return recorded
    },
    async start(deliver, inboxOptions) {
      const { queue, redis, adapter } = open()
      if (work) throw new TypeError('the inbox on Redis was started already; make one for each receiver')
      const interval = Math.ceil(lease / LOOKS)
      const worker = new Worker(QUEUE, undefined, {
        connection: adapter.client,
        prefix,
        autorun: false,
        name: `${hostname()}:${process.pid}`,
        lockDuration: lease,
        stalledInterval: interval,
        // Whether a crash was one too many is the runner's to say.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        removeOnComplete: { count: DONE_KEPT },
      })
      const { retention, clock } = inboxOptions
      // Of Redis's troubles the runner tells, and whoever else asks it.
      worker.on('error', () => {})
      const waker: Waker = createWaker(worker, redis, () => work?.runner.wake())
      const store = createJobStore({ queue, redis, worker, prefix, lease, retention, waker, clock })
      const runner = createRunner({ ...inboxOptions, store, deliver, lease, pollInterval })
      const wake = (): void => runner.wake()
      redis.on('ready', wake)
      const recovery = startRecovery({ ...inboxOptions, worker, redis, lease, interval, onRecovered: wake })
      work = { runner, waker, recovery, worker, store }
      void queue.waitUntilReady().then(
        () => warnOfLosses(redis),
        () => {},
      )
    },
    async close(closeOptions) {
      const patience = closeTimeout(closeOptions)
      closing ??= shutDown(patience)
      return closing
    },
    list: (listOptions) => ask('be asked for a list', () => inspection.list(listOptions)),
    get: (key) => ask('be asked for a callback', () => inspection.get(key)),
    async requeue(key) {
      const count = await ask('requeue', () => inspection.requeue(key))
      if (count > 0) work?.runner.wake()
      return count
    },
    stats: () => ask('be asked for its counts', () => inspection.stats()),
    purge: () => ask('purge what is done', () => inspection.purge()),
  }
}
