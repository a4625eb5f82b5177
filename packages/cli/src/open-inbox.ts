import { existsSync, statSync } from 'node:fs'
import type { DurableInbox } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { Failure } from './failure.ts'

/** Where an inbox is: in one of these, or where LUMA_INBOX says. */
export interface Engine {
  sqlite?: string
  redis?: string
  postgres?: string
  /** What the keys in Redis begin with, if not with the default. */
  prefix?: string
  /** What the schema in Postgres is called, if not by the default. */
  schema?: string
}

/** Opens an inbox that is there already: looking for one must not make one. */
export async function openInbox(engine: Engine): Promise<DurableInbox> {
  const { sqlite, redis, postgres, prefix, schema } = { ...engine, ...namedBy(engine) }
  // Loaded only where it is wanted: the engines take time to load, and one of them a later Node.
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

/** What LUMA_INBOX names, where no option does: a URL of an engine, or a file. */
function namedBy({ sqlite, redis, postgres }: Engine): Engine {
  const name = process.env['LUMA_INBOX']
  if ((sqlite ?? redis ?? postgres) !== undefined || name === undefined) return {}
  if (/^rediss?:\/\//.test(name)) return { redis: name }
  if (/^postgres(?:ql)?:\/\//.test(name)) return { postgres: name }
  return { sqlite: name }
}
