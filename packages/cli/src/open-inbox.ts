import { existsSync, statSync } from 'node:fs'
import type { DurableInbox } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { Failure } from './failure.ts'

/** The place of an inbox: one of these options, or LUMA_INBOX. */
export interface Engine {
  sqlite?: string
  redis?: string
  postgres?: string
  /** The prefix of the keys in Redis. */
  prefix?: string
  /** The schema in Postgres. */
  schema?: string
}

/** Opens an existing inbox, and never creates one. */
export async function openInbox(engine: Engine): Promise<DurableInbox> {
  const { sqlite, redis, postgres, prefix, schema } = { ...engine, ...namedBy(engine) }
  // The engines are loaded on demand, because that takes time.
  if (redis) return (await import('@luma-callback/redis')).redisInbox(redis, { prefix })
  if (postgres) return (await import('@luma-callback/postgres')).postgresInbox(postgres, { schema })
  if (!sqlite) {
    const message = 'name the inbox: --sqlite FILE, --redis URL or --postgres URL, or LUMA_INBOX'
    throw new Failure(message, { exitCode: 2 })
  }
  if (!existsSync(sqlite)) throw new Failure(`there is no file ${sqlite}`, { exitCode: 2 })
  if (statSync(sqlite).size === 0) throw new Failure(`the file ${sqlite} is empty, so it is no inbox`, { exitCode: 2 })
  return sqliteInbox(sqlite)
}

/** Reads LUMA_INBOX, a URL of an engine or a file, if no option names the inbox. */
function namedBy({ sqlite, redis, postgres }: Engine): Engine {
  const name = process.env['LUMA_INBOX']
  if ((sqlite ?? redis ?? postgres) !== undefined || name === undefined) return {}
  if (/^rediss?:\/\//.test(name)) return { redis: name }
  if (/^postgres(?:ql)?:\/\//.test(name)) return { postgres: name }
  return { sqlite: name }
}
