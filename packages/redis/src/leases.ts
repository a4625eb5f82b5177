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

/** A lock on a job that runs. */
export interface Lock {
  id: string
  token: string
  /** By BullMQ's count of a job's starts. */
  start: number
  /** Milliseconds. */
  lease: number
}

const script = scriptOf(HOLD, 4)

/** Renews a lease; false if someone else has the job, or had it. */
export async function hold(redis: Redis, keys: Keys, { id, token, start, lease }: Lock): Promise<boolean> {
  const touched = [keys.lock(id), keys.stalled, keys.list('active'), keys.job(id)]
  return (await runScript(redis, script, [...touched, token, lease, id, start])) === 1
}
