import type { LumaCallback } from '@luma-callback/core'
import { Job, type IRedisTransaction } from 'bullmq'
import type { ChainableCommander, Redis } from 'ioredis'
import { addTo, causeOf, IS_QUEUED, keysOf, LOGS } from './beyond-docs.ts'
import { DAY, idOf, nameOf, seenKeys, toData } from './callback-job.ts'
import { mendAfter, type OpenQueue } from './connection.ts'
import { isForgotten, type Argument, type Script } from './scripts.ts'

/** A remembered key of a callback that is not done has no end; the day's count of them has this one. */
const COUNTED_FOR = 400 * DAY

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
    redis.call('DEL', KEYS[i], KEYS[i] .. '${LOGS}')
  end
end`

/** Where BullMQ puts its scripts. */
type Builder = Pick<IRedisTransaction, 'runCommand'>

/**
 * Adds the jobs of callbacks whose keys are watched, and remembers these. False if it did neither: a key was touched since,
 * or Redis had forgotten a script.
 */
export type Add = (callbacks: readonly LumaCallback[]) => Promise<boolean>

/** In one transaction. Redis goes on with it when one of its commands fails, so the last looks what the others have done. */
export function createAdder({ queue, redis, adapter }: OpenQueue, prefix: string): Add {
  const keys = keysOf(queue)
  const { seen, counted } = seenKeys(prefix)
  /** BullMQ's scripts that Redis was sent in full. */
  const sent = new Set<Script>()

  /**
   * Where BullMQ puts its scripts into a transaction. They are long: after the first of all they go by their hashes. In a
   * transaction ioredis could not send again what Redis has forgotten, so ours, which are short, always go in full.
   */
  function scriptsIn(transaction: ChainableCommander): Builder {
    const builder: Builder = {
      runCommand(name, args: Argument[]) {
        const script = adapter.scriptOf(name)
        const { hash, lua, numberOfKeys } = script
        if (sent.has(script)) transaction.evalsha(hash, numberOfKeys, ...args)
        else transaction.eval(lua, numberOfKeys, ...args)
        sent.add(script)
        return builder as IRedisTransaction
      },
    }
    return builder
  }

  return async (callbacks) => {
    const ids = callbacks.map(({ key }) => idOf(key))
    const transaction = redis.multi()
    const inTransaction = scriptsIn(transaction)
    transaction.eval(MAKE_ROOM, 1 + ids.length, keys.list('completed'), ...ids.map(keys.job), keys.base, ...ids)
    for (const [index, callback] of callbacks.entries()) {
      const job = new Job(
        queue,
        nameOf(callback),
        toData(callback),
        { timestamp: callback.receivedAt.getTime() },
        ids[index],
      )
      addTo(inTransaction, queue, job)
    }
    const counter = counted(Math.floor(Date.now() / DAY))
    const digests = callbacks.map(({ digest }) => digest)
    transaction.eval(REMEMBER, 1 + ids.length, counter, ...ids.map(seen), keys.base, COUNTED_FOR, ...ids, ...digests)
    const results = await commit(transaction, redis)
    if (results === null) return false
    // Without BullMQ's script no job is added, and without a job no key is remembered.
    const failures = results.flatMap(([error]) => error ?? [])
    if (failures.some(isForgotten)) {
      sent.clear()
      return false
    }
    if (failures[0]) throw failures[0]
    if (results.at(-1)?.[1] !== callbacks.length) throw new Error('not every job was added')
    return true
  }
}

/** What its commands resolved to; null if nothing happened. */
async function commit(transaction: ChainableCommander, redis: Redis): Promise<[Error | null, unknown][] | null> {
  try {
    const results = await transaction.exec()
    const failure = results?.find(([error]) => error && !isForgotten(error))?.[0]
    if (failure) mendAfter(failure, redis)
    return results
  } catch (error) {
    // That a transaction was discarded says less than what one of its commands was refused for.
    const cause = causeOf(error)
    mendAfter(cause, redis)
    throw cause
  }
}
