import { StoreUnavailableError, systemClock, within, type Claim, type DedupeStore } from '@luma-callback/core'
import type { Redis } from 'ioredis'
import { idOf } from './callback-job.ts'
import { connector, problemOf, type RedisConnection } from './connection.ts'
import { readDedupeOptions, type RedisDedupeOptions } from './options.ts'

/** A dedupe store with a connection of its own, which `close` ends. The receiver that it was given to closes it. */
export interface ClosableDedupeStore extends DedupeStore {
  close(): Promise<void>
}

/** A key holds `h`, who claims it and for what content; or `d` and the content that was done. */
const SCRIPTS = {
  lumaClaim: `
    local entry = redis.call('HMGET', KEYS[1], 'holder', 'digest')
    if entry[2] and entry[1] ~= ARGV[1] then
      if entry[1] then return 'held' end
      return entry[2] == ARGV[3] and 'done' or 'conflict'
    end
    redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'digest', ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return 'claimed'`,
  lumaRenew: `
    if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
  lumaComplete: `
    if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
    redis.call('HDEL', KEYS[1], 'holder')
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
  lumaRelease: `
    if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
    return redis.call('DEL', KEYS[1])`,
}

/**
 * Remembers in Redis what was handled, for direct mode in several processes. Each step is one script, which Redis runs
 * as a whole, and times are counted by Redis.
 *
 * @param connection - A URL, or a connection of ioredis, which is copied and never closed.
 * @throws TypeError for a connection or option that is wrong or unknown.
 * @example
 * ```ts
 * app.use(lumaCallback(onSuccess, { secret, dedupe: redisDedupe('redis://127.0.0.1') }))
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
    for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { numberOfKeys: 1, lua })
    isReady = new Promise((resolve) => void redis?.once('ready', resolve))
    return redis
  }

  async function run<Result>(script: keyof typeof SCRIPTS, key: string, ...args: (string | number)[]): Promise<Result> {
    const late = (): Error => problemOf(redis) ?? new Error(`no answer within ${timeout} ms`)
    const call = async (): Promise<Result> => {
      const opened = open() as unknown as Record<string, (...args: unknown[]) => Promise<Result>>
      await isReady
      return opened[script]!(`${prefix}-dedupe:${idOf(key)}`, ...args)
    }
    try {
      return await within(call, timeout, late, systemClock)
    } catch (cause) {
      throw new StoreUnavailableError(`the dedupe store on Redis: ${(cause as Error).message}`, { cause })
    }
  }

  return {
    claim: (key, holder, lease, digest) => run<Claim>('lumaClaim', key, holder, lease, digest),
    renew: async (key, holder, lease) => (await run('lumaRenew', key, holder, lease)) === 1,
    complete: (key, holder, retention) => run('lumaComplete', key, holder, retention),
    release: (key, holder) => run('lumaRelease', key, holder),
    async close() {
      redis?.disconnect()
    },
  }
}
