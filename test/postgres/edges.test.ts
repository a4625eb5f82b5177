// What few meet: errors and names that Postgres cannot hold, hands in a dashboard, answers that get lost.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createHandler } from '@luma-callback/core'
import { postgresDedupe, postgresInbox } from '@luma-callback/postgres'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, hangs, startInbox } from '../helpers/inboxes.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { PATIENCE } from '../helpers/patience.ts'

const ONE_ATTEMPT = { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } }
const QUEUE = 'luma-callbacks'

async function fails(): Promise<void> {
  throw new Error('no such order')
}

/** A message of Postgres's protocol: its letter, its length, what it has. */
function packetOf(letter: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(4 + content.length)
  return Buffer.concat([Buffer.from(letter), length, content])
}

test('a Postgres that ends in the same packet as it greets does not end the process', async () => {
  const greeting = Buffer.concat([
    packetOf('R', Buffer.alloc(4)),
    packetOf('Z', Buffer.from('I')),
    packetOf('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0')),
  ])
  const server = createServer((socket) => void socket.once('data', () => socket.end(greeting)).on('error', () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const url = `postgres://luma@127.0.0.1:${(server.address() as AddressInfo).port}/luma`
  const inbox = openPostgresInbox(url, { timeout: 500 })
  await expect(inbox.record(callbackOf('a'))).rejects.toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })
})

describe.skipIf(!hasPostgres)(`on a Postgres${postgresReason}`, () => {
  async function setUp() {
    const { url, schema, tearDown } = await postgresNamespace()
    onTestFinished(tearDown)
    return { url, schema, open: (options = {}) => openPostgresInbox(url, { schema, ...options }) }
  }

  async function connect(url: string): Promise<pg.Client> {
    const client = new pg.Client(url)
    await client.connect()
    onTestFinished(() => client.end())
    return client
  }

  async function openDashboard(url: string, schema: string): Promise<PgBoss> {
    const boss = new PgBoss({ connectionString: url, schema, supervise: false, schedule: false })
    boss.on('error', () => {})
    await boss.start()
    onTestFinished(() => boss.stop({ graceful: false }))
    return boss
  }

  test.each([
    ['NUL', 'before \0 after', 'Error: before \\u{0} after'],
    ['a lone surrogate', 'before \uD800 after', 'Error: before \\u{d800} after'],
  ])('a hook that throws an error with %s is dead like any other', async (_name, message, lastError) => {
    const { open } = await setUp()
    const inbox = open()
    const throws = async (): Promise<void> => {
      throw new Error(message)
    }
    const { events } = await startInbox(inbox, throws, ONE_ATTEMPT)
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    expect(await inbox.get('a:success')).toMatchObject({ state: 'dead', lastError })
  })

  test('the longest name that a schema may have serves like any other', async () => {
    const { url } = await setUp()
    const schema = 'luma_test_'.padEnd(48, 'x')
    const client = await connect(url)
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    const idle = await startInbox(openPostgresInbox(url, { schema, pollInterval: 600_000 }))
    await openPostgresInbox(url, { schema }).record(callbackOf('a'))
    await vi.waitFor(() => expect(idle.runs).toEqual(['a']), PATIENCE)
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    expect(() => postgresInbox(url, { schema: `${schema}x` })).toThrow('"schema"')
  })

  test('many that begin at once in a new schema all come up', async () => {
    const { url, schema, open } = await setUp()
    const stores = [1, 2, 3].map(() => postgresDedupe(url, { schema, timeout: PATIENCE.timeout }))
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))))
    const inboxes = [1, 2, 3].map(() => open())
    await Promise.all([
      ...stores.map((store, index) =>
        store.claim({ key: `key-${index}`, holder: 'me', lease: 1_000, digest: 'digest' }),
      ),
      ...inboxes.map((inbox, index) => inbox.record(callbackOf(`task-${index}`))),
    ])
    expect(await inboxes[0]?.stats()).toMatchObject({ pending: 3 })
  })

  test('what was cancelled in a dashboard is dead, and can be requeued', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open()
    await inbox.record(callbackOf('a'))
    const boss = await openDashboard(url, schema)
    const [job] = await boss.findJobs(QUEUE)
    await boss.cancel(QUEUE, job?.id ?? '')
    expect(await inbox.get('a:success')).toMatchObject({ state: 'dead' })
    expect(await inbox.requeue('a:success')).toBe(1)
    const { runs, events } = await startInbox(inbox)
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['delivered']), PATIENCE)
    expect(runs).toEqual(['a'])
  })

  test('what was retried in a dashboard outlives a close, and keeps its attempts', async () => {
    const { url, schema, open } = await setUp()
    const first = open()
    const { events } = await startInbox(first, fails, ONE_ATTEMPT)
    await first.record(callbackOf('a'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    await first.close({ timeout: 0 })

    const boss = await openDashboard(url, schema)
    const [job] = await boss.findJobs(QUEUE)
    const second = open()
    const held = await startInbox(second, hangs)
    await boss.retry(QUEUE, job?.id ?? '')
    await vi.waitFor(() => expect(held.runs).toEqual(['a']), PATIENCE)
    await second.close({ timeout: 0 })
    expect(await open().get('a:success')).toMatchObject({ state: 'pending' })
  })

  test('what somebody else puts into the queue is dead, told, and in the way of nothing', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open()
    await inbox.record(callbackOf('before'))
    const boss = await openDashboard(url, schema)
    for (const data of [{ foo: 1 }, null, { key: '"a"', raw: '7' }]) await boss.send(QUEUE, data)
    await inbox.record(callbackOf('after'))
    const { events, runs } = await startInbox(inbox)
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ done: 2, dead: 3 }), PATIENCE)
    expect(runs.toSorted()).toEqual(['after', 'before'])
    const told = events.flatMap((event) => (event.type === 'error' ? [event.error.message] : []))
    expect(told).toHaveLength(3)
    for (const message of told)
      expect(message).toMatch(
        /^the stored callback job \S+ cannot be read, so it is dead: job \S+ of the queue luma-callbacks is no callback/,
      )
    const { entries } = await inbox.list()
    expect(entries.map(({ taskId }) => taskId)).toEqual(['after', 'before'])
  })

  test('a schema that is dropped under a process is made again by the next callback', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open()
    const { runs } = await startInbox(inbox)
    await inbox.record(callbackOf('before'))
    await vi.waitFor(() => expect(runs).toEqual(['before']), PATIENCE)
    const client = await connect(url)
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    expect(await inbox.record(callbackOf('after'))).toBe('recorded')
    await vi.waitFor(() => expect(runs).toEqual(['before', 'after']), PATIENCE)
  })

  test('many hooks that fail at once each keep their own error, delay and end', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open()
    const ids = Array.from({ length: 60 }, (_, index) => `task-${index}`)
    const { events, runs } = await startInbox(
      inbox,
      async ({ taskId }) => {
        throw new Error(`no ${taskId}`)
      },
      { concurrency: 60, retry: { attempts: 2, minDelay: 50, maxDelay: 50 } },
    )
    await Promise.all(ids.map((id) => inbox.record(callbackOf(id))))
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'dead')).toHaveLength(60), PATIENCE)
    expect(runs).toHaveLength(120)
    for (const id of ids) {
      const entry = await inbox.get(`${id}:success`)
      expect(entry).toMatchObject({ state: 'dead', attempts: 2, crashes: 0, lastError: `Error: no ${id}` })
    }
    const boss = await openDashboard(url, schema)
    const jobs = await boss.findJobs<{ taskId: string }>(QUEUE)
    for (const { data, output } of jobs) expect(output).toMatchObject({ message: `Error: no ${data.taskId}` })
  })

  test('a dead callback is requeued while thousands more are', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open()
    const ids = Array.from({ length: 1_200 }, (_, index) => `task-${index}`)
    await Promise.all(ids.map((id) => inbox.record(callbackOf(id))))
    const client = await connect(url)
    await client.query(`UPDATE ${schema}.job SET state = 'failed', completed_on = now()`)
    expect(await inbox.requeue()).toBe(1_200)
    expect(await inbox.stats()).toMatchObject({ pending: 1_200, dead: 0 })
  })

  test('crashes are counted one by one, and forgotten by a requeue', async () => {
    const { url, schema, open } = await setUp()
    const client = await connect(url)
    const inbox = open()
    await inbox.record(callbackOf('a'))
    const boss = await openDashboard(url, schema)
    for (let crashes = 1; crashes <= 3; crashes++) {
      // A process that took it, and was never heard of again.
      const [job] = await boss.fetch(QUEUE)
      await boss.fail(QUEUE, job?.id ?? '')
      await client.query(`UPDATE ${schema}.job SET start_after = now()`)
      expect(await inbox.get('a:success')).toMatchObject({ state: 'pending', crashes, attempts: 0 })
    }
    const [job] = await boss.fetch(QUEUE)
    await client.query(`UPDATE ${schema}.job SET state = 'failed', completed_on = now() WHERE id = $1`, [job?.id])
    await inbox.requeue()
    expect(await inbox.get('a:success')).toMatchObject({ state: 'pending', crashes: 0 })
  })

  test('a handler closes in time although Postgres answers nothing any more', async () => {
    const { url, schema, open } = await setUp()
    // It makes the schema, for which the other has less time.
    const first = open()
    await startInbox(first)
    await first.close()
    const handler = createHandler({ onSuccess: () => {}, inbox: postgresInbox(url, { schema }), secret: 'whk_test' })
    await handler.start()
    const client = await connect(url)
    // Postgres refuses it where the handler has begun with one of the tables and waits for the other.
    await vi.waitFor(async () => {
      await client.query('ROLLBACK; BEGIN')
      await client.query(`LOCK TABLE ${schema}.job, ${schema}.seen IN ACCESS EXCLUSIVE MODE`)
    }, PATIENCE)
    const startedAt = performance.now()
    await handler.close({ timeout: 0 })
    expect(performance.now() - startedAt).toBeLessThan(PATIENCE.timeout)
    await client.query('ROLLBACK')
  })
})
