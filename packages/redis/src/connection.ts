import { Redis, type Cluster } from 'ioredis'
import type { Queue } from 'bullmq'

/** Where Redis is: a URL such as `redis://:password@host:6379/0`, or a connection of yours made with ioredis. */
export type RedisConnection = string | Redis | Cluster

/** A socket that owes an answer and stays silent for so many milliseconds is given up, and another one opened. */
const SILENCE = 5_000
/**
 * Milliseconds between attempts to connect again, at most: less than a third of the shortest lease, for as long as a
 * lease holders are given to write once Redis is back.
 */
const LONGEST_PAUSE = 300

/** The queue, and the connection that it speaks through. */
export interface OpenQueue {
  queue: Queue
  redis: Redis
}

const problems = new WeakMap<Redis, Error>()

/** Why there is no connection at the moment, if that is known: a call that waits for one in vain could not say. */
export function problemOf(redis: Redis | undefined): Error | undefined {
  return redis && problems.get(redis)
}

/** Makes a connection of our own beside the others. A cluster's has the same methods. */
export type Connect = () => Redis

/**
 * What a user passes in is only copied, never used and never closed: a transaction needs a connection for itself, and
 * so does waiting. Ours fail at once when Redis is away, instead of keeping what they are asked until it is back.
 *
 * @throws TypeError if it is neither a URL nor a connection of ioredis.
 */
export function connector(caller: string, connection: RedisConnection): Connect {
  const open = opener(caller, connection)
  return () => {
    const redis = open()
    redis.on('error', (error: Error) => problems.set(redis, error))
    redis.on('ready', () => problems.delete(redis))
    return redis
  }
}

const OPTIONS = {
  enableOfflineQueue: false,
  // Of a transaction that was cut off nobody knows what became of it; sent again it would lack its WATCH.
  autoResendUnfulfilledCommands: false,
  // What has no answer when the connection ends fails then. With null, which BullMQ's pages advise, it would never end.
  maxRetriesPerRequest: 0,
  socketTimeout: SILENCE,
  connectTimeout: SILENCE,
  retryStrategy: (times: number) => Math.min(50 * 2 ** times, LONGEST_PAUSE),
}

function opener(caller: string, connection: RedisConnection): Connect {
  if (typeof connection === 'string') {
    if (!/^rediss?:\/\//.test(connection)) throw notAConnection(caller)
    return () => new Redis(connection, OPTIONS)
  }
  if (typeof (connection as Partial<Redis> | undefined)?.defineCommand !== 'function') throw notAConnection(caller)
  if (connection.isCluster) {
    // It has no queue of its own to switch off for each node.
    const { enableOfflineQueue, retryStrategy: _, ...redisOptions } = OPTIONS
    return () => (connection as Cluster).duplicate([], { enableOfflineQueue, redisOptions }) as unknown as Redis
  }
  return () => (connection as Redis).duplicate({ ...OPTIONS, lazyConnect: false })
}

function notAConnection(caller: string): TypeError {
  return new TypeError(`${caller}: give it a URL that begins with redis:// or rediss://, or a connection of ioredis`)
}
