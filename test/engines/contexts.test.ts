import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import type { DurableInbox } from '@luma-callback/core'
import { Redis } from 'ioredis'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { postgresInbox } from '@luma-callback/postgres'
import { redisInbox } from '@luma-callback/redis'
import { sqliteInbox } from '@luma-callback/sqlite'
import { callbackOf, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { hasPostgres, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { hasRedis, redisNamespace, redisReason } from '../helpers/redis.ts'

// What all requests share, the first of them may bring about: connections, threads, the transaction of a batch.

const storage = new AsyncLocalStorage<string>()

/** Notes the context of each call; of those that a request made for itself there are none here. */
function notes(): { note: () => void; contexts: () => string[] } {
  const found = new Set<string>()
  return { note: () => void found.add(storage.getStore() ?? 'no context'), contexts: () => [...found].toSorted() }
}

/** An inbox that is made in one context, started in another, and used by requests, the first of them before its start. */
async function use(make: () => DurableInbox): Promise<void> {
  const inbox = storage.run('making', make)
  onTestFinished(() => inbox.close({ timeout: 0 }))
  await storage.run('request before the start', () => inbox.record(callbackOf('early')))
  const { events } = await storage.run('start', () => startInbox(inbox))
  const taskIds = ['a', 'b', 'c', 'd', 'e']
  await Promise.all(taskIds.map((id) => storage.run(`request ${id}`, () => inbox.record(callbackOf(id)))))
  await expect.poll(() => events.filter(({ type }) => type === 'delivered').length, { timeout: 30_000 }).toBe(6)
}

test('a thread of SQLite is started in the context of the making of its inbox', async () => {
  const { note, contexts } = notes()
  subscribe('worker_threads', note)
  onTestFinished(() => void unsubscribe('worker_threads', note))
  await use(() => sqliteInbox(join(temporaryFolder(), 'luma.db'), { pollInterval: 20 }))
  expect(contexts()).toEqual(['making'])
})

test.skipIf(!hasRedis)(`a connection to Redis is opened in it${redisReason}`, async () => {
  const { url, prefix, tearDown } = await redisNamespace()
  const connection = new Redis(url)
  onTestFinished(async () => {
    connection.disconnect()
    await tearDown()
  })
  const { note, contexts } = notes()
  const duplicate = connection.duplicate.bind(connection)
  connection.duplicate = (...given) => {
    note()
    return duplicate(...given)
  }
  await use(() => redisInbox(connection, { prefix, pollInterval: 50 }))
  expect(contexts()).toEqual(['making'])
})

test.skipIf(!hasPostgres)(
  `what is recorded together on Postgres is in no request's context${postgresReason}`,
  async () => {
    const { url, schema, tearDown } = await postgresNamespace()
    const pool = new pg.Pool({ connectionString: url })
    onTestFinished(async () => {
      await pool.end()
      await tearDown()
    })
    const { note, contexts } = notes()
    const connect = pool.connect.bind(pool) as (...given: unknown[]) => unknown
    pool.connect = ((...given: unknown[]) => {
      note()
      return connect(...given)
    }) as typeof pool.connect
    await use(() => postgresInbox(pool, { schema, timeout: 60_000, pollInterval: 50 }))
    expect(contexts()).toEqual(['making', 'start'])
  },
)
