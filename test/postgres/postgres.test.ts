import { postgresDedupe, postgresInbox } from '@luma-callback/postgres'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { PATIENCE } from '../helpers/patience.ts'

const ONE_ATTEMPT = { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } }

describe('options', () => {
  test.each([
    ['no connection', undefined],
    ['a host alone', '127.0.0.1'],
    ['another protocol', 'http://127.0.0.1'],
    ['an object of another kind', {}],
  ])('%s is a TypeError', (_name, connection) => {
    for (const make of [postgresInbox, postgresDedupe]) {
      expect(() => make(connection as string)).toThrow(TypeError)
      expect(() => make(connection as string)).toThrow(/postgres:\/\//)
    }
  })

  test.each([
    ['schema', ''],
    ['schema', 'Capital'],
    ['schema', 'a"; DROP SCHEMA public; --'],
    ['timeout', 0],
    ['lease', 999],
    ['pollInterval', 2 ** 31],
    ['colour', 'red'],
  ])('a wrong or unknown one is a TypeError that names it: %s %j', (name, value) => {
    expect(() => postgresInbox('postgres://127.0.0.1', { [name]: value })).toThrow(TypeError)
    expect(() => postgresInbox('postgres://127.0.0.1', { [name]: value })).toThrow(`"${name}"`)
  })
})

describe.skipIf(!hasPostgres)(`on a Postgres${postgresReason}`, () => {
  async function setUp() {
    const { url, schema, tearDown } = await postgresNamespace()
    onTestFinished(tearDown)
    return { url, schema, open: (options = {}) => openPostgresInbox(url, { schema, ...options }) }
  }

  test('an idle worker is woken by a callback that another process recorded', async () => {
    const { open } = await setUp()
    // With such a poll, only a waking can be in time.
    const idle = await startInbox(open({ pollInterval: 600_000 }))
    const recorder = open()
    for (let round = 0; round < 5; round++) {
      await recorder.record(callbackOf(`task-${round}`))
      await vi.waitFor(() => expect(idle.runs).toHaveLength(round + 1), PATIENCE)
    }
  })

  test('purging again removes what was done since, also after a number that fills the steps', async () => {
    const { open } = await setUp()
    const inbox = open()
    await startInbox(inbox)
    for (const count of [500, 7]) {
      const names = Array.from({ length: count }, (_, index) => `${count} ${index}`)
      await Promise.all(names.map((name) => inbox.record(callbackOf(name))))
      await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ done: count }), PATIENCE)
      expect(await inbox.purge()).toBe(count)
    }
  })

  test('a pool that was passed in is not closed', async () => {
    const { url, schema } = await setUp()
    const pool = new pg.Pool({ connectionString: url, max: 4 })
    onTestFinished(() => pool.end())
    const inbox = postgresInbox(pool, { schema, timeout: PATIENCE.timeout })
    const dedupe = postgresDedupe(pool, { schema, timeout: PATIENCE.timeout })
    const { runs } = await startInbox(inbox)
    await inbox.record(callbackOf('a'))
    await dedupe.claim({ key: 'a', holder: 'me', lease: 1_000, digest: 'digest' })
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    await Promise.all([inbox.close(), dedupe.close()])
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await vi.waitFor(() => expect(pool.totalCount).toBe(pool.idleCount), PATIENCE)
  })

  test('a dashboard shows whose callback a job is and why it failed, and can retry it', async () => {
    const { url, schema, open } = await setUp()
    let isMended = false
    const { events } = await startInbox(
      open(),
      async () => {
        if (!isMended) throw new Error('no such order')
      },
      ONE_ATTEMPT,
    )
    await open().record(callbackOf('task-1'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    const boss = new PgBoss({ connectionString: url, schema, supervise: false, schedule: false })
    boss.on('error', () => {})
    await boss.start()
    onTestFinished(() => boss.stop({ graceful: false }))
    const [job] = await boss.findJobs('luma-callbacks')
    expect(job).toMatchObject({
      state: 'failed',
      data: { taskId: 'task-1', outcome: 'success' },
      output: { message: 'Error: no such order' },
    })
    isMended = true
    await boss.retry('luma-callbacks', job?.id ?? '')
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead', 'delivered']), PATIENCE)
  })

  test('pg-boss at its own housekeeping takes nothing away', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open()
    await inbox.record(callbackOf('waiting'))
    const boss = new PgBoss({ connectionString: url, schema, schedule: false })
    boss.on('error', () => {})
    await boss.start()
    onTestFinished(() => boss.stop({ graceful: false }))
    const client = new pg.Client(url)
    await client.connect()
    // A year ago, as far as pg-boss can tell.
    await client.query(
      `UPDATE ${schema}.job SET created_on = now() - interval '1 year', start_after = start_after - interval '1 year', keep_until = keep_until - interval '1 year'`,
    )
    await client.end()
    await boss.supervise('luma-callbacks')
    expect(await inbox.stats()).toMatchObject({ pending: 1 })
  })

  test('a key is remembered when its job is long gone, and forgotten after its retention', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open({ lease: 1_000 })
    const { events } = await startInbox(inbox, undefined, { retention: 600_000 })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events).toHaveLength(1), PATIENCE)
    expect(await inbox.purge()).toBe(1)
    expect(await inbox.record(callbackOf('a'))).toBe('duplicate')
    const client = new pg.Client(url)
    await client.connect()
    onTestFinished(() => client.end())
    await client.query(`UPDATE ${schema}.seen SET since = now() - interval '601 seconds'`)
    await vi.waitFor(async () => expect(await inbox.record(callbackOf('a'))).toBe('recorded'), PATIENCE)
    await vi.waitFor(() => expect(events).toHaveLength(2), PATIENCE)
  })

  test('what has not been done is remembered for as long as that takes', async () => {
    const { open } = await setUp()
    const inbox = open({ lease: 1_000 })
    const fails = async (): Promise<void> => {
      throw new Error('never')
    }
    const { events } = await startInbox(inbox, fails, { retention: 1, ...ONE_ATTEMPT })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['dead']), PATIENCE)
    // Another one is done, and its key goes: the housekeeping has been here.
    const other = await startInbox(open({ lease: 1_000 }), undefined, { retention: 1 })
    await inbox.record(callbackOf('b'))
    await vi.waitFor(async () => expect((await inbox.stats()).seen).toBeLessThanOrEqual(2), PATIENCE)
    expect(await inbox.record(callbackOf('a'))).toBe('duplicate')
    await Promise.resolve(other)
  })

  test('looking for an inbox does not make one', async () => {
    const { url, schema, open } = await setUp()
    const inbox = open()
    expect(await inbox.stats()).toEqual({ pending: 0, running: 0, done: 0, dead: 0, seen: 0 })
    expect(await inbox.list()).toEqual({ entries: [], cursor: undefined })
    expect(await inbox.get('a:success')).toBeUndefined()
    expect(await inbox.requeue()).toBe(0)
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
    await client.end()
    expect(rows).toEqual([])
  })
})
