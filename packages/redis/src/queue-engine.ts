import { hostname } from 'node:os'
import { StoreUnavailableError } from '@luma-callback/core'
import type { InboxEngine, InboxOptions } from '@luma-callback/core/inbox'
import { DONE_KEPT } from '@luma-callback/core/internal'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { putBackStalled } from './beyond-docs.ts'
import { QUEUE } from './callback-job.ts'
import { openQueue, problemOf, type Connect, type OpenQueue } from './connection.ts'
import { warnOfLosses } from './durability.ts'
import { createInspection } from './inspect.ts'
import { createJobStore, type RedisJob } from './job-store.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { explained } from './rights.ts'
import { createWaker, type Waker } from './waker.ts'

export interface QueueEngineOptions {
  connect: Connect
  prefix: string
  /** Milliseconds. */
  lease: number
  /** Milliseconds. */
  recoverInterval: number
}

/** The engine of an inbox on Redis: BullMQ's queue, beside the memory of keys. */
export function createQueueEngine(options: QueueEngineOptions): InboxEngine<RedisJob> {
  const { connect, prefix } = options
  let recorder: Recorder | undefined
  let shared: OpenQueue | undefined
  let working: { worker: Worker; jobs: ReturnType<typeof createJobStore>; waker: Waker } | undefined
  let wake: () => void = () => {}

  function queue(): OpenQueue {
    shared ??= openQueue(connect, prefix)
    return shared
  }

  /** Resolves once Redis can be asked. */
  async function ready(): Promise<OpenQueue> {
    const opened = queue()
    await opened.queue.waitUntilReady()
    return opened
  }

  function begun(): NonNullable<typeof working> {
    if (!working) throw new Error('the inbox on Redis is not at work')
    return working
  }

  return explaining({
    name: 'the inbox on Redis',
    async open() {
      queue()
      recorder ??= createRecorder(connect, prefix)
    },
    async begin(inboxOptions) {
      // BullMQ would wait for a connection for as long as there is none.
      await connected(queue())
      working ??= work(queue(), options, inboxOptions, () => wake())
    },
    record: async (callback) => recorder!.record(callback),
    take: (count) => begun().jobs.take(count),
    renew: (job) => begun().jobs.renew(job),
    complete: (job) => begun().jobs.complete(job),
    retry: (job, failure, delay) => begun().jobs.retry(job, failure, delay),
    bury: (job, failure) => begun().jobs.bury(job, failure),
    putBack: (job, delay) => begun().jobs.putBack(job, delay),
    async recover() {
      const { redis } = queue()
      if (redis.status !== 'ready') throw away(redis)
      return putBackStalled(begun().worker)
    },
    ...createInspection(prefix, ready),
    async purge({ keep, most }) {
      // The latest are kept by BullMQ, with each job that is done.
      if (keep > 0) return 0
      const opened = await ready()
      return (await opened.queue.clean(0, most, 'completed')).length
    },
    // Redis forgets a key when its time is over.
    forget: async () => 0,
    listen(listener) {
      wake = listener
      const { redis } = queue()
      redis.on('ready', listener)
      return {
        async stop() {
          redis.off('ready', listener)
          working?.waker.stop()
        },
      }
    },
    problem: () => recorder?.problem() ?? problemOf(shared?.redis),
    uptime: () => uptimeOf(queue()),
    async close() {
      // BullMQ would wait for a connection that is lost.
      if (shared && shared.redis.status !== 'ready') shared.redis.disconnect()
      await Promise.all([working?.worker.close(true).catch(() => {}), recorder?.close()])
      await shared?.queue.close().catch(() => {})
      shared?.redis.disconnect()
    },
  })
}

function work(
  { queue, redis, adapter }: OpenQueue,
  { prefix, lease, recoverInterval }: QueueEngineOptions,
  { retention, clock }: InboxOptions,
  wake: () => void,
): { worker: Worker; jobs: ReturnType<typeof createJobStore>; waker: Waker } {
  const worker = new Worker(QUEUE, undefined, {
    connection: adapter.client,
    prefix,
    autorun: false,
    name: `${hostname()}:${process.pid}`,
    lockDuration: lease,
    stalledInterval: recoverInterval,
    // Whether a crash was one too many is the runner's to say.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    // BullMQ clears away by itself.
    removeOnComplete: { count: DONE_KEPT },
  })
  // The runner tells of Redis's troubles, and so does each call.
  worker.on('error', () => {})
  const waker = createWaker(worker, redis, wake)
  const jobs = createJobStore({ queue, redis, worker, prefix, lease, retention, waker, clock })
  void warnOfLosses(redis)
  return { worker, jobs, waker }
}

/** Resolves when there is a connection; rejects with why there is none. */
function connected({ redis }: OpenQueue): Promise<void> {
  return new Promise((resolve, reject) => {
    if (redis.status === 'ready') return resolve()
    const problem = problemOf(redis)
    if (problem) return reject(problem)
    const end = (settle: () => void): void => {
      redis.off('ready', onReady)
      redis.off('error', onError)
      redis.off('end', onEnd)
      settle()
    }
    const onEnd = (): void => end(() => reject(away(redis)))
    const onReady = (): void => end(resolve)
    const onError = (error: Error): void => end(() => reject(error))
    redis.on('ready', onReady)
    redis.on('error', onError)
    redis.on('end', onEnd)
  })
}

function away(redis: Redis): StoreUnavailableError {
  return new StoreUnavailableError('there is no connection to Redis', { cause: problemOf(redis) })
}

/** Milliseconds since Redis was started; as good as for ever where we may not ask. */
async function uptimeOf({ redis }: OpenQueue): Promise<number> {
  if (redis.status !== 'ready') throw away(redis)
  await redis.ping()
  const info = await redis.info('server').catch(() => '')
  const seconds = /^uptime_in_seconds:(\d+)/m.exec(info)?.[1] ?? Infinity
  // The difference of two whole seconds, which may be one too many.
  return (Number(seconds) - 1) * 1_000
}

/** Adds to each error which rights are missing, if that is the reason. */
function explaining(engine: InboxEngine<RedisJob>): InboxEngine<RedisJob> {
  return {
    ...engine,
    record: (...given) => engine.record(...given).catch(explain),
    take: (...given) => engine.take(...given).catch(explain),
    recover: (...given) => engine.recover(...given).catch(explain),
    list: (...given) => engine.list(...given).catch(explain),
    get: (...given) => engine.get(...given).catch(explain),
    requeue: (...given) => engine.requeue(...given).catch(explain),
    stats: () => engine.stats().catch(explain),
    purge: (...given) => engine.purge(...given).catch(explain),
  }
}

function explain(error: unknown): never {
  throw error instanceof TypeError ? error : explained(error as Error)
}
