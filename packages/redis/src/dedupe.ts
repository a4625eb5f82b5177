import { StoreUnavailableError, type DedupeStore } from '@luma-callback/core'
import type { Claim } from '@luma-callback/core/inbox'
import { systemClock, within } from '@luma-callback/core/internal'
import type { Redis } from 'ioredis'
import { idOf } from './callback-job.ts'
import { connector, problemOf, type RedisConnection } from './connection.ts'
import { readDedupeOptions, type RedisDedupeOptions } from './options.ts'
import { explained } from './rights.ts'
import { runScript, scriptOf } from './scripts.ts'

/** A dedupe store with a connection of its own, which `close` ends. The receiver that it was given to closes it. */
export interface ClosableDedupeStore extends DedupeStore {
  close(): Promise<void>
}

/**
 * A claim that has run out is still its holder's while nobody else wants it, but not for ever: the holder may be dead.
 * Milliseconds.
 */
const FORSAKEN = 60 * 60 * 1000

const NOW = `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * A key holds the digest of its content, and as long as that is not done, its `holder` and the time `until` which nobody
 * else may claim it. Redis's own expiry only clears away.
 */
const LUA = {
  claim: `${NOW}
    local entry = redis.call('HMGET', KEYS[1], 'digest', 'holder', 'until')
    if entry[1] and entry[2] ~= ARGV[1] then
      if not entry[2] then return entry[1] == ARGV[3] and 'done' or 'conflict' end
      if tonumber(entry[3]) > now then return 'held' end
    end
    redis.call('HSET', KEYS[1], 'digest', ARGV[3], 'holder', ARGV[1], 'until', now + ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${FORSAKEN})
    return 'claimed'`,
  renew: `${NOW}
    if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'until', now + ARGV[2])
    return redis.call('PEXPIRE', KEYS[1], ARGV[2] + ${FORSAKEN})`,
  complete: `
    if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
    redis.call('HDEL', KEYS[1], 'holder', 'until')
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
  release: `
    if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])`,
}
type Step = keyof typeof LUA
const SCRIPTS = new Map(Object.entries(LUA).map(([step, lua]) => [step as Step, scriptOf(lua, 1)]))

/**
 * Remembers in Redis what was handled, for direct mode in several processes. Each step is one script, which Redis runs
 * as a whole, and times are counted by Redis.
 *
 * @param connection - A URL, or a connection of ioredis, which is copied and never closed.
 * @throws TypeError for a connection or option that is wrong or unknown.
 * @example
 * ```ts
 * import { lumaCallback } from '@luma-callback/express'
 * import { redisDedupe } from '@luma-callback/redis'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   dedupe: redisDedupe('redis://127.0.0.1'),
 * })
 * ```
 */
export function redisDedupe(connection: RedisConnection, options: RedisDedupeOptions = {}): ClosableDedupeStore {
  const { prefix, timeout } = readDedupeOptions(options)
  const connect = connector('redisDedupe', connection)
  let redis: Redis | undefined
  let isReady: Promise<unknown> | undefined

  function open(): Redis {
    if (redis) return redis
    redis = connect()
    isReady = new Promise((resolve) => void redis?.once('ready', resolve))
    return redis
  }

  async function run<Result>(step: Step, key: string, ...args: (string | number)[]): Promise<Result> {
    const late = (): Error => problemOf(redis) ?? new Error(`no answer within ${timeout} ms`)
    const call = async (): Promise<Result> => {
      const opened = open()
      await isReady
      return (await runScript(opened, SCRIPTS.get(step)!, [`${prefix}-dedupe:${idOf(key)}`, ...args])) as Result
    }
    try {
      return await within(call, timeout, late, systemClock)
    } catch (cause) {
      throw new StoreUnavailableError(`the dedupe store on Redis: ${explained(cause as Error).message}`, { cause })
    }
  }

  return {
    claim: ({ key, holder, lease, digest }) => run<Claim>('claim', key, holder, lease, digest),
    renew: async ({ key, holder, lease }) => (await run('renew', key, holder, lease)) === 1,
    complete: ({ key, holder, retention }) => run('complete', key, holder, retention),
    release: ({ key, holder }) => run('release', key, holder),
    async close() {
      redis?.disconnect()
    },
  }
}
