// Pools whose owner reads and writes Postgres's types in another way than pg does by itself.
import { parseCallback, type LumaCallback } from '@luma-callback/core'
import { postgresDedupe, postgresInbox } from '@luma-callback/postgres'
import fc from 'fast-check'
import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { successOf } from '../helpers/signed.ts'

type Parse = (value: string) => unknown

const TYPES = {
  bool: 16,
  bytea: 17,
  name: 19,
  int8: 20,
  int4: 23,
  text: 25,
  json: 114,
  float8: 701,
  'text[]': 1009,
  varchar: 1043,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  'uuid[]': 2951,
  jsonb: 3802,
} as const
type TypeName = keyof typeof TYPES
const NAMES = Object.keys(TYPES) as TypeName[]

const HOSTILE: Record<string, Parse> = {
  'gives null': () => null,
  throws: () => {
    throw new Error('this parser is not for you')
  },
  'gives a text': (value) => `«${value}»`,
  'gives a Buffer': (value) => Buffer.from(value),
  'gives an object': (value) => ({ value }),
}

/** As @types/pg knows them, for fewer types than there are. */
const parsers = pg.types as unknown as {
  getTypeParser(oid: number, format: string): Parse
  setTypeParser(oid: number, parse: Parse): void
}

/** @types/pg does not know "binary". */
type PoolOptions = pg.PoolConfig & { binary?: boolean }

/** What a pool, or pg, was told of parsers. */
type Told = Partial<Record<TypeName, keyof typeof HOSTILE>>

/** As pg wants them for a client: those that were told, and pg's own. */
function typesOf(told: Told): pg.CustomTypesConfig {
  const byOid = new Map<number, Parse | undefined>(
    Object.entries(told).map(([name, kind]) => [TYPES[name as TypeName], HOSTILE[kind]]),
  )
  return {
    getTypeParser: (oid: number, format = 'text') => byOid.get(oid) ?? parsers.getTypeParser(oid, format),
  }
}

function changed(callback: LumaCallback): LumaCallback {
  const raw = successOf(callback.taskId).body.replace('"code":', '"added":1,"code":')
  return parseCallback({ raw, query: {}, receivedAt: new Date() })
}

describe.skipIf(!hasPostgres)(`the user's parsers do not reach${postgresReason}`, () => {
  async function setUp() {
    const { url, schema, tearDown } = await postgresNamespace()
    onTestFinished(tearDown)
    return { url, schema }
  }

  function poolOf(url: string, options: PoolOptions): pg.Pool {
    const pool = new pg.Pool({ connectionString: url, max: 4, ...options })
    onTestFinished(() => pool.end())
    return pool
  }

  /** A callback's whole way, and what is seen of it from outside; in a schema that others may use too. */
  async function expectToWork(pool: pg.Pool, schema: string, id = 'task'): Promise<void> {
    const options = { schema, pollInterval: 50, timeout: PATIENCE.timeout }
    const inbox = postgresInbox(pool, options)
    try {
      const [done, dead] = [callbackOf(`${id}-done`), callbackOf(`${id}-dead`)]
      expect(await inbox.record(done)).toBe('recorded')
      expect(await inbox.record(done)).toBe('duplicate')
      expect(await inbox.record(changed(done))).toBe('conflict')
      const { events, runs } = await startInbox(
        inbox,
        async ({ taskId }) => {
          if (taskId === dead.taskId) throw new Error('no such order')
        },
        { retry: { attempts: 2, minDelay: 1, maxDelay: 1 } },
      )
      expect(await inbox.record(dead)).toBe('recorded')
      const ended = (): string[] => events.map(({ type }) => type).filter((type) => type !== 'retrying')
      await vi.waitFor(() => expect(ended().toSorted()).toEqual(['dead', 'delivered']), PATIENCE)
      expect(runs.toSorted()).toEqual([dead.taskId, dead.taskId, done.taskId])
      expect(await inbox.get(done.key)).toMatchObject({ state: 'done', attempts: 1, raw: done.raw })
      expect((await inbox.get(done.key))?.endedAt).toBeInstanceOf(Date)
      expect(await inbox.get(dead.key)).toMatchObject({ state: 'dead', attempts: 2 })
      const { entries } = await inbox.list({ state: 'dead' })
      expect(entries.map(({ taskId }) => taskId)).toContain(dead.taskId)
      expect(await inbox.requeue(dead.key)).toBe(1)
      await vi.waitFor(async () => expect(await inbox.get(dead.key)).toMatchObject({ state: 'dead' }), PATIENCE)
      expect(await inbox.purge()).toBeGreaterThan(0)
      expect(await inbox.stats()).toMatchObject({ pending: 0, running: 0, done: 0 })
      expect(await inbox.record(done)).toBe('duplicate')
    } finally {
      await inbox.close({ timeout: 0 })
    }
    await expectToRemember(pool, schema, id)
  }

  async function expectToRemember(pool: pg.Pool, schema: string, id: string): Promise<void> {
    const store = postgresDedupe(pool, { schema, timeout: PATIENCE.timeout })
    const claim = (key: string, holder: string, digest = 'digest') =>
      store.claim({ key: `${id}-${key}`, holder, lease: 600_000, digest })
    expect(await claim('a', 'me')).toBe('claimed')
    expect(await claim('a', 'you')).toBe('held')
    expect(await store.renew({ key: `${id}-a`, holder: 'me', lease: 600_000 })).toBe(true)
    expect(await store.renew({ key: `${id}-a`, holder: 'you', lease: 600_000 })).toBe(false)
    await store.complete({ key: `${id}-a`, holder: 'me', retention: 600_000 })
    expect(await claim('a', 'you')).toBe('done')
    expect(await claim('a', 'you', 'another')).toBe('conflict')
    expect(await claim('b', 'me')).toBe('claimed')
    await store.release({ key: `${id}-b`, holder: 'me' })
    expect(await claim('b', 'you')).toBe('claimed')
  }

  test.each(Object.keys(HOSTILE))('either store, where each parser of a pool %s', async (kind) => {
    const { url, schema } = await setUp()
    const types = typesOf(Object.fromEntries(NAMES.map((name) => [name, kind])))
    await expectToWork(poolOf(url, { types }), schema)
  })

  test('either store, where a pool asks for its results in binary', async () => {
    const { url, schema } = await setUp()
    const pool = poolOf(url, { binary: true })
    await expectToWork(pool, schema)
    const { fields } = await pool.query('SELECT $1::int4 AS it', [1])
    expect(fields).toMatchObject([{ format: 'binary' }])
  })

  test('either store, where parsers are set for all of pg, which keeps them', async () => {
    const { url, schema } = await setUp()
    for (const name of NAMES) {
      const parse = parsers.getTypeParser(TYPES[name], 'text')
      onTestFinished(() => parsers.setTypeParser(TYPES[name], parse))
      parsers.setTypeParser(TYPES[name], () => 'theirs')
    }
    await expectToWork(poolOf(url, {}), schema)
    const own = openPostgresInbox(url, { schema })
    expect(await own.record(callbackOf('by a URL'))).toBe('recorded')
    const { rows } = await poolOf(url, {}).query('SELECT 1 AS it')
    expect(rows).toEqual([{ it: 'theirs' }])
  })

  test.each(['SQL, DMY', 'German, DMY', 'Postgres, MDY'])('either store, with the DateStyle %s', async (style) => {
    const { url, schema } = await setUp()
    const settings = `-c datestyle=${style.replaceAll(' ', '')} -c bytea_output=escape -c timezone=Asia/Kolkata`
    await expectToWork(poolOf(url, { options: settings }), schema)
  })

  test('either store, whichever types are overridden, and how', async () => {
    const { url, schema } = await setUp()
    const told = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...Object.keys(HOSTILE)))
    let runs = 0
    const property = fc.asyncProperty(told, fc.boolean(), async (kinds, binary) => {
      const options: PoolOptions = { connectionString: url, max: 4, types: typesOf(kinds), binary }
      const pool = new pg.Pool(options)
      try {
        await expectToWork(pool, schema, `task-${++runs}`)
      } finally {
        await pool.end()
      }
    })
    await fc.assert(property, { numRuns: 12 })
  })

  /** What takes a query apart, as a driver of its own or a wrapper may. */
  function deafPool(url: string): pg.Pool {
    const pool = poolOf(url, {
      types: typesOf({ uuid: 'gives a Buffer', jsonb: 'gives a text', text: 'gives null', int4: 'gives null' }),
    })
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...given: unknown[]) => unknown
      client.query = ((given: pg.QueryConfig, ...rest: unknown[]) =>
        query(given.text ? { text: given.text, values: given.values } : given, ...rest)) as typeof client.query
    })
    return pool
  }

  test('a callback that cannot be told from another: it is refused, never called a duplicate', async () => {
    const { url, schema } = await setUp()
    const there = openPostgresInbox(url, { schema })
    await there.record(callbackOf('before'))
    const inbox = postgresInbox(deafPool(url), { schema, timeout: PATIENCE.timeout })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const store = postgresDedupe(deafPool(url), { schema, timeout: PATIENCE.timeout })
    const unavailable = { code: 'ERR_LUMA_STORE_UNAVAILABLE', message: expect.stringContaining('pass a URL') }
    await expect(inbox.record(callbackOf('a'))).rejects.toMatchObject(unavailable)
    await expect(store.claim({ key: 'a', holder: 'me', lease: 1_000, digest: 'd' })).rejects.toMatchObject(unavailable)
    expect(await there.record(callbackOf('a'))).toBe('recorded')
  })
})
