import { Queue } from 'bullmq'
import { Redis, type Cluster } from 'ioredis'
import { QUEUE } from './callback-job.ts'
import { adapterOf, type Adapter } from './scripts.ts'

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
  adapter: Adapter
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
 * @throws TypeError if it is neither a URL nor a connection of ioredis that will do.
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

/** The queue on a connection of its own, which does not outlive a failure. */
export function openQueue(connect: Connect, prefix: string): OpenQueue {
  const redis = connect()
  try {
    const adapter = adapterOf(redis)
    const queue = new Queue(QUEUE, { connection: adapter.client, prefix, skipMetasUpdate: true })
    queue.on('error', () => {})
    return { queue, redis, adapter }
  } catch (error) {
    redis.disconnect()
    throw error
  }
}

/**
 * @throws TypeError for what BullMQ cannot work with: a connection that puts a prefix of its own before each key, and, as
 * its steps touch many keys at once, a prefix that would scatter them over a Redis Cluster.
 */
export function checkForQueue(caller: string, connection: RedisConnection, prefix: string): void {
  if (typeof connection === 'string') return
  const { keyPrefix } = connection.options as { keyPrefix?: string }
  if (keyPrefix) {
    throw new TypeError(`${caller}: the connection must have no keyPrefix; set option "prefix" in its place`)
  }
  if (connection.isCluster && !/\{[^{}]+\}/.test(prefix)) {
    throw new TypeError(`${caller}: on a Redis Cluster option "prefix" must have a part in braces, such as {luma}`)
  }
}

/** After a failover connections to what is a replica now may stay open, and each write on them would fail for ever. */
function isReadOnly({ message }: Error): boolean {
  return message.includes('READONLY')
}

/** The same for what a transaction brings to light, of which ioredis does not ask. */
export function mendAfter(error: Error, redis: Redis): void {
  if (isReadOnly(error)) redis.disconnect(true)
}

/** What a connection of ours has to be like. What is said of addresses, users, TLS and names is the user's. */
const OPTIONS = {
  enableOfflineQueue: false,
  // Of a transaction that was cut off nobody knows what became of it; sent again it would lack its WATCH.
  autoResendUnfulfilledCommands: false,
  // A transaction follows its WATCH.
  enableAutoPipelining: false,
  // What has no answer when the connection ends fails then. With null, which BullMQ's pages advise, it would never end.
  maxRetriesPerRequest: 0,
  socketTimeout: SILENCE,
  connectTimeout: SILENCE,
  reconnectOnError: isReadOnly,
  // BullMQ, and we, compare numbers, and read answers in the form that they have always had.
  stringNumbers: false,
  replyMapping: 'legacy' as const,
}
const retryStrategy = (times: number): number => Math.min(50 * 2 ** times, LONGEST_PAUSE)

function opener(caller: string, connection: RedisConnection): Connect {
  if (typeof connection === 'string') {
    if (!/^rediss?:\/\//.test(connection)) throw notAConnection(caller)
    return () => new Redis(connection, { ...OPTIONS, retryStrategy })
  }
  if (typeof (connection as Partial<Redis> | undefined)?.defineCommand !== 'function') throw notAConnection(caller)
  if (connection.isCluster) return () => copyCluster(connection as Cluster)
  // By a Sentinel it may have led to a replica.
  const master = { role: 'master', readOnly: false } as const
  return () => (connection as Redis).duplicate({ ...OPTIONS, ...master, retryStrategy, lazyConnect: false })
}

function copyCluster(cluster: Cluster): Redis {
  const { enableOfflineQueue, enableAutoPipelining, ...nodes } = OPTIONS
  const copy = cluster.duplicate([], {
    enableOfflineQueue,
    enableAutoPipelining,
    lazyConnect: false,
    // A replica does not know yet what was just written.
    scaleReads: 'master',
    clusterRetryStrategy: retryStrategy,
    // ioredis 5 would drop the user's own: the password, the user, TLS. A node of a cluster has no queue to switch off.
    redisOptions: { ...cluster.options.redisOptions, ...nodes },
  })
  return copy as unknown as Redis
}

function notAConnection(caller: string): TypeError {
  return new TypeError(`${caller}: give it a URL that begins with redis:// or rediss://, or a connection of ioredis`)
}
