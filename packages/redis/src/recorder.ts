import type { LumaCallback, Recorded } from '@luma-callback/core'
import { gather } from '@luma-callback/core/inbox'
import { Job, type IRedisTransaction } from 'bullmq'
import type { ChainableCommander } from 'ioredis'
import { DAY, idOf, nameOf, seenKeys, toData } from './callback-job.ts'
import { mendAfter, openQueue, problemOf, type Connect } from './connection.ts'
import { isForgotten, type Argument, type Script } from './scripts.ts'

/** Callbacks that one transaction takes: Redis does nothing else meanwhile. One counts for each 20 000 characters. */
const MOST = 200
const CHARACTERS = 20_000
/** A remembered key of a callback that is not done has no end; the day's count of them has this one. */
const COUNTED_FOR = 400 * DAY

/** Whether a job is somewhere where it will run, or be dead. What was just added is at the head of the list that is looked at first. */
const IS_QUEUED = `
local queue = ARGV[1]
local function isQueued(id)
  for _, list in ipairs({'wait', 'active', 'paused'}) do
    if redis.call('LPOS', queue .. list, id) then return true end
  end
  for _, set in ipairs({'delayed', 'failed', 'prioritized', 'waiting-children'}) do
    if redis.call('ZSCORE', queue .. set, id) then return true end
  end
  return false
end`

/**
 * Remembers the keys of what was added. It looks whether the job is queued, for a transaction of Redis goes on when one of
 * its commands fails, and BullMQ's may fail in its middle; a key without a job would be a callback that is lost.
 */
const REMEMBER = `${IS_QUEUED}
local added = 0
for i = 2, #KEYS do
  if isQueued(ARGV[1 + i]) then
    redis.call('SET', KEYS[i], ARGV[#KEYS + i])
    added = added + 1
  end
end
redis.call('INCRBY', KEYS[1], added)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return added`

/**
 * Removes what is done already, or was only begun to be added, of callbacks whose keys are not remembered: BullMQ takes a
 * new job for one that is there, as long as that is kept to be looked at, and its hook would never run.
 */
const MAKE_ROOM = `${IS_QUEUED}
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 and not isQueued(ARGV[i]) then
    redis.call('ZREM', KEYS[1], ARGV[i])
    redis.call('DEL', KEYS[i], KEYS[i] .. ':logs')
  end
end`

/** What came of a transaction. */
type Outcome = 'added' | 'touched' | 'forgotten'

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
  const { queue, redis, adapter } = openQueue(connect, prefix)
  const backend = queue.getBackend()
  const { seen, counted } = seenKeys(prefix)
  /** BullMQ's scripts that Redis was sent in full. */
  const sent = new Set<Script>()

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
      const outcome = await add(fresh)
      if (outcome === 'added') return told
      if (outcome === 'forgotten') sent.clear()
      // This ends: another process has recorded one of them meanwhile, or the scripts are sent in full now.
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

  /** Adds jobs and remembers their keys, or neither: if a key was touched since, or if Redis has forgotten a script. */
  async function add(callbacks: readonly LumaCallback[]): Promise<Outcome> {
    const ids = callbacks.map(({ key }) => idOf(key))
    const jobKeys = ids.map((id) => queue.toKey(id))
    const transaction = redis.multi()
    const base = queue.toKey('')
    transaction.eval(MAKE_ROOM, 1 + ids.length, queue.toKey('completed'), ...jobKeys, base, ...ids)
    for (const [index, callback] of callbacks.entries()) {
      const job = new Job(
        queue,
        nameOf(callback),
        toData(callback),
        { timestamp: callback.receivedAt.getTime() },
        ids[index],
      )
      void backend.addJobToTransaction(scriptsIn(transaction), job.asJSON(), ids[index]!)
    }
    const counter = counted(Math.floor(Date.now() / DAY))
    const digests = callbacks.map(({ digest }) => digest)
    transaction.eval(REMEMBER, 1 + ids.length, counter, ...ids.map(seen), base, COUNTED_FOR, ...ids, ...digests)
    const results = await commit(transaction)
    if (results === null) return 'touched'
    // Without BullMQ's script no job is added, and without a job no key is remembered.
    const failures = results.flatMap(([error]) => error ?? [])
    if (failures.some(isForgotten)) return 'forgotten'
    if (failures[0]) throw failures[0]
    if (results.at(-1)?.[1] !== callbacks.length) throw new Error('not every job was added')
    return 'added'
  }

  /**
   * Where BullMQ puts its scripts into a transaction. They are long: after the first of all they go by their hashes. In a
   * transaction ioredis could not send again what Redis has forgotten, so ours, which are short, always go in full.
   */
  function scriptsIn(transaction: ChainableCommander): IRedisTransaction {
    const runCommand = (name: string, args: Argument[]): void => {
      const script = adapter.scriptOf(name)
      const { hash, lua, numberOfKeys } = script
      if (sent.has(script)) transaction.evalsha(hash, numberOfKeys, ...args)
      else transaction.eval(lua, numberOfKeys, ...args)
      sent.add(script)
    }
    return { runCommand } as unknown as IRedisTransaction
  }

  /** What its commands resolved to; null if nothing happened. */
  async function commit(transaction: ChainableCommander): Promise<[Error | null, unknown][] | null> {
    try {
      const results = await transaction.exec()
      const failure = results?.find(([error]) => error && !isForgotten(error))?.[0]
      if (failure) mendAfter(failure, redis)
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
