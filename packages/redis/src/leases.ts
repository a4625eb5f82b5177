import type { Redis } from 'ioredis'
import { FIELD, type Keys } from './beyond-docs.ts'
import { runScript, scriptOf } from './scripts.ts'

/**
 * Holds a job for another while: BullMQ's extendLock, which gives up a lock that has run out though nobody took the job.
 * That happens to all locks at once where Redis was away for longer than a lease. As long as the job is still at the
 * start that we made, nobody else has begun it, and the lock is taken again.
 */
const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if not holder then
  if redis.call('HGET', KEYS[4], '${FIELD.begun}') ~= ARGV[4] then return 0 end
  if not redis.call('LPOS', KEYS[3], ARGV[3]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SREM', KEYS[2], ARGV[3])
return 1`

/**
 * Lets a key be forgotten some day, if its job is done: who comes late with a lease that was lost changes nothing of a
 * job that is dead by now, or that runs again.
 */
const FORGET_LATER = `
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** A lock on a job that runs. */
export interface Lock {
  id: string
  token: string
  /** By BullMQ's count of a job's starts. */
  start: number
  /** Milliseconds. */
  lease: number
}

/** What a connection can do beside BullMQ's own scripts, each as one step. */
export interface Leases {
  /** False if someone else has the job, or had it. */
  hold(lock: Lock): Promise<boolean>
  /** False if the job is not among those that are done. */
  forgetLater(key: string, options: { id: string; digest: string; retention: number }): Promise<boolean>
}

const SCRIPTS = { hold: scriptOf(HOLD, 4), forgetLater: scriptOf(FORGET_LATER, 2) }

export function createLeases(redis: Redis, keys: Keys): Leases {
  return {
    async hold({ id, token, start, lease }) {
      const touched = [keys.lock(id), keys.stalled, keys.list('active'), keys.job(id)]
      return (await runScript(redis, SCRIPTS.hold, [...touched, token, lease, id, start])) === 1
    },
    async forgetLater(key, { id, digest, retention }) {
      const args = [key, keys.list('completed'), id, digest, retention]
      return (await runScript(redis, SCRIPTS.forgetLater, args)) === 1
    },
  }
}
