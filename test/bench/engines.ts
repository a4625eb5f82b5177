import { connect } from 'node:net'

/** Where the engines are: REDIS_URL and DATABASE_URL, or on this machine. */
export const ENGINES = {
  redis: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  postgres: process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
}
export type Engine = keyof typeof ENGINES

export function isThere(engine: Engine): Promise<boolean> {
  const { hostname, port } = new URL(ENGINES[engine])
  const socket = connect(Number(port || { redis: 6379, postgres: 5432 }[engine]), hostname)
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket.destroy().destroyed))
    socket.once('error', () => resolve(false))
  })
}

/** Removes every key that begins so. */
export async function emptyRedis(prefix: string): Promise<void> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(ENGINES.redis)
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 10_000 }) as AsyncIterable<string[]>) {
    if (keys.length > 0) await redis.unlink(keys)
  }
  redis.disconnect()
}

/** Removes a schema with all that is in it. */
export async function emptyPostgres(schema: string): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client(ENGINES.postgres)
  await client.connect()
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await client.end()
}
