import { createHash } from 'node:crypto'
import { createIORedisClient, type IRedisClient } from 'bullmq'
import type { Redis } from 'ioredis'
import { explained, isForbidden } from './rights.ts'

/** A script of Redis. */
export interface Script {
  lua: string
  numberOfKeys: number
  /** The name that Redis knows it by, once it was sent in full. */
  hash: string
}

export type Argument = string | number | Buffer

export function scriptOf(lua: string, numberOfKeys: number): Script {
  return { lua, numberOfKeys, hash: createHash('sha1').update(lua).digest('hex') }
}

/** Redis refuses a script that it does not know, or has forgotten (SCRIPT FLUSH, a restart, a failover), before it does anything. */
export function isForgotten(error: Error): boolean {
  return error.message.startsWith('NOSCRIPT')
}

/**
 * Runs a script by its hash, and in full if Redis does not know it. ioredis would do so too, but by the hash again while
 * it believes that another call has brought the script, and Redis may have forgotten it once more by then.
 */
export async function runScript(redis: Redis, script: Script, args: readonly Argument[]): Promise<unknown> {
  const { lua, numberOfKeys, hash } = script
  try {
    return await redis.evalsha(hash, numberOfKeys, ...args)
  } catch (error) {
    if (!isForgotten(error as Error)) throw explained(error as Error)
  }
  try {
    return await redis.eval(lua, numberOfKeys, ...args)
  } catch (error) {
    throw explained(error as Error)
  }
}

/** How BullMQ speaks to a connection of ours. */
export interface Adapter {
  client: IRedisClient
  /** A script of BullMQ's by the name that it runs it by. */
  scriptOf(name: string): Script
}

/** BullMQ's own adapter of ioredis, except for what it must not leave to ioredis. */
export function adapterOf(redis: Redis): Adapter {
  const scripts = new Map<string, Script>()
  const adapter = createIORedisClient(redis) as IRedisClient

  function scriptNamed(name: string): Script {
    const script = scripts.get(name)
    if (!script) throw new Error(`BullMQ has no script ${name}`)
    return script
  }

  const methods: Pick<IRedisClient, 'defineCommand' | 'runCommand' | 'info' | 'duplicate'> = {
    // Each queue and worker on this connection defines them all.
    defineCommand(name, { lua, numberOfKeys }) {
      if (!scripts.has(name)) scripts.set(name, scriptOf(lua, numberOfKeys))
    },
    runCommand: (name, args: Argument[]) => runScript(redis, scriptNamed(name), args),
    info: () => infoOf(adapter),
    duplicate(...given) {
      const copy = adapter.duplicate(...given)
      return withMethods(copy, { info: () => infoOf(copy) })
    },
  }
  return { client: withMethods(adapter, methods), scriptOf: scriptNamed }
}

/** What is written to it goes to the adapter, which is a proxy. */
function withMethods(adapter: IRedisClient, methods: Partial<IRedisClient>): IRedisClient {
  const descriptors = Object.entries(methods).map(([name, value]) => [name, { value }])
  return Object.create(adapter, Object.fromEntries(descriptors) as PropertyDescriptorMap) as IRedisClient
}

/** BullMQ asks for the version. Of a Redis that does not tell it to us, it is the oldest that will do. */
async function infoOf(adapter: IRedisClient): Promise<string> {
  try {
    return await adapter.info()
  } catch (error) {
    if (!isForbidden(error as Error)) throw error
    return 'redis_version:6.2.0'
  }
}
