import type { LumaCallback, Recorded } from '@luma-callback/core'
import { gather } from '@luma-callback/core/inbox'
import { Job } from 'bullmq'
import type { ChainableCommander } from 'ioredis'
import { DAY, idOf, nameOf, seenKeys, toData } from './callback-job.ts'
import { mendAfter, openQueue, problemOf, type Connect } from './connection.ts'

/** Callbacks that one transaction takes: Redis does nothing else meanwhile. One counts for each 20 000 characters. */
const MOST = 200
const CHARACTERS = 20_000
/** A remembered key of a callback that is not done has no end; the day's count of them has this one. */
const COUNTED_FOR = 400 * DAY

/**
 * Remembers the keys of what was added. It looks whether the job is there, for a transaction of Redis goes on when one
 * of its commands fails, and a key without a job would be a callback that is lost.
 */
const REMEMBER = `
local count = #ARGV - 1
local added = 0
for i = 1, count do
  if redis.call('EXISTS', KEYS[1 + count + i]) == 1 then
    redis.call('SET', KEYS[1 + i], ARGV[1 + i])
    added = added + 1
  end
end
redis.call('INCRBY', KEYS[1], added)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return added`

/**
 * Removes what is done already of callbacks whose keys are remembered no more: BullMQ takes a new job for one that is
 * there, as long as that is kept to be looked at, and its hook would never run.
 */
const MAKE_ROOM = `
for i = 2, #KEYS do
  if redis.call('ZREM', KEYS[1], ARGV[i - 1]) == 1 then redis.call('DEL', KEYS[i], KEYS[i] .. ':logs') end
end`

/** What the transaction's builder can do, as BullMQ and the scripts above have made it. */
type Transaction = ChainableCommander &
  Record<'lumaMakeRoom' | 'lumaRemember', (...args: (string | number)[]) => ChainableCommander>

export interface Recorder {
  record(callback: LumaCallback): Promise<Recorded>
  /** Why there is no connection, if that is known. */
  problem(): Error | undefined
  close(): Promise<void>
}

/**
 * Takes callbacks in, many at a time.
 *
 * BullMQ forgets a job's id when the job is removed, so the keys are remembered apart from the jobs; and it offers no
 * step that adds a job only if something else holds. Redis does: the keys are watched and looked up, and the jobs added
 * and the keys remembered in one transaction, which does nothing if any of the keys has been touched since.
 */
export function createRecorder(connect: Connect, prefix: string): Recorder {
  const { queue, redis } = openQueue(connect, prefix)
  redis.defineCommand('lumaMakeRoom', { lua: MAKE_ROOM })
  redis.defineCommand('lumaRemember', { lua: REMEMBER })
  const backend = queue.getBackend()
  const { seen, counted } = seenKeys(prefix)

  async function recordAll(callbacks: readonly LumaCallback[]): Promise<Recorded[]> {
    const ids = callbacks.map(({ key }) => idOf(key))
    for (;;) {
      const digests = await look(ids)
      const told = callbacks.map((callback, index) => judge(callback, ids[index]!, digests))
      const fresh = callbacks.filter((_, index) => told[index] === 'recorded')
      if (fresh.length === 0) {
        await redis.unwatch()
        return told
      }
      if (await add(fresh)) return told
      // Another process has recorded one of them meanwhile, so this ends.
    }
  }

  /** The digests that are known, by id. */
  async function look(ids: readonly string[]): Promise<Map<string, string>> {
    const keys = [...new Set(ids)]
    await backend.waitUntilReady()
    const [watched, found] = await Promise.all([redis.watch(...keys.map(seen)), redis.mget(...keys.map(seen))])
    if (watched !== 'OK') throw new Error(`Redis answered ${String(watched)} to WATCH`)
    return new Map(keys.flatMap((id, index) => (found[index] == null ? [] : [[id, found[index]]])))
  }

  /** False if nothing happened, because one of the keys was touched. */
  async function add(callbacks: readonly LumaCallback[]): Promise<boolean> {
    const ids = callbacks.map(({ key }) => idOf(key))
    // The builder is BullMQ's own, and knows its scripts beside ours.
    const transaction = (await backend.client).multi() as unknown as Transaction
    const jobKeys = ids.map((id) => queue.toKey(id))
    transaction.lumaMakeRoom(1 + ids.length, queue.toKey('completed'), ...jobKeys, ...ids)
    for (const [index, callback] of callbacks.entries()) {
      const job = new Job(
        queue,
        nameOf(callback),
        toData(callback),
        { timestamp: callback.receivedAt.getTime() },
        ids[index],
      )
      void backend.addJobToTransaction(transaction as never, job.asJSON(), ids[index]!)
    }
    transaction.lumaRemember(
      1 + 2 * callbacks.length,
      counted(Math.floor(Date.now() / DAY)),
      ...ids.map(seen),
      ...jobKeys,
      COUNTED_FOR,
      ...callbacks.map(({ digest }) => digest),
    )
    const results = await commit(transaction)
    if (results === null) return false
    if (results.at(-1)?.[1] !== callbacks.length) throw new Error('not every job was added')
    return true
  }

  /** What its commands resolved to; null if nothing happened. */
  async function commit(transaction: ChainableCommander): Promise<[Error | null, unknown][] | null> {
    try {
      const results = await transaction.exec()
      const failure = results?.find(([error]) => error)?.[0]
      if (failure) throw failure
      return results
    } catch (error) {
      // That a transaction was discarded says less than what one of its commands was refused for.
      const [cause = error as Error] = (error as { previousErrors?: Error[] }).previousErrors ?? []
      mendAfter(cause, redis)
      throw cause
    }
  }

  const gathered = gather(recordAll, MOST, ({ raw }) => Math.max(1, raw.length / CHARACTERS))
  return {
    record(callback) {
      // It would wait for a connection, and the provider for an answer.
      if (redis.status !== 'ready' && redis.status !== 'connect' && redis.status !== 'connecting') {
        return Promise.reject(problemOf(redis) ?? new Error('the connection was lost'))
      }
      return gathered(callback)
    },
    problem: () => problemOf(redis),
    async close() {
      await queue.close().catch(() => {})
      redis.disconnect()
    },
  }
}

/** What a callback is, given what was recorded before it; notes its digest for those that come after it. */
function judge({ digest }: LumaCallback, id: string, digests: Map<string, string>): Recorded {
  const known = digests.get(id)
  if (known === undefined) {
    digests.set(id, digest)
    return 'recorded'
  }
  return known === digest ? 'duplicate' : 'conflict'
}
