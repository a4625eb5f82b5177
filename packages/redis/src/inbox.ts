import type { DurableInbox } from '@luma-callback/core'
import { createInbox } from '@luma-callback/core/inbox'
import { checkForQueue, connector, type RedisConnection } from './connection.ts'
import { createQueueEngine } from './queue-engine.ts'
import { readInboxOptions, type RedisInboxOptions } from './options.ts'

/**
 * Looks for what was left behind in the time of a lease. BullMQ needs two of them after a lock has run out, one that marks
 * a job and one that finds it still so.
 */
const LOOKS = 5

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
  const recoverInterval = Math.ceil(lease / LOOKS)
  const engine = createQueueEngine({ connect, prefix, lease, recoverInterval })
  return createInbox(engine, { lease, pollInterval, timeout, recoverInterval })
}
