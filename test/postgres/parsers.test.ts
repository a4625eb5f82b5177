// Pools whose owner reads and writes Postgres's types in another way than pg does by itself.
import { postgresDedupe, postgresInbox } from '@luma-callback/postgres'
import fc from 'fast-check'
import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { runStatement } from '../../packages/postgres/src/statement.ts'
import { callbackOf } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { expectToWork } from './whole-way.ts'

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

describe.skipIf(!hasPostgres)(`in place of the user's parsers${postgresReason}`, () => {
  test.each([
    ['true', 'bool', true],
    ['42', 'int4', 42],
    ['9007199254740993', 'int8', '9007199254740993'],
    ['0.5', 'float8', 0.5],
    ['{"a":[1]}', 'jsonb', { a: [1] }],
    ['{}', 'text[]', []],
    ['{a,NULL,"NULL","","b,{}\\"c\\\\"}', 'text[]', ['a', null, 'NULL', '', 'b,{}"c\\']],
    ['{1,NULL,-2}', 'int4[]', [1, null, -2]],
    ['{1,NULL}', 'int8[]', ['1', null]],
    ['2026-02-03 04:05:06.789+05:30', 'timestamptz', new Date('2026-02-02T22:35:06.789Z')],
    ['infinity', 'timestamptz', null],
    ['\\x00ff', 'bytea', '\\x00ff'],
  ])('%s is read as a %s', async (text, type, value) => {
    const { url } = await postgresNamespace()
    const client = new pg.Client({ connectionString: url, options: '-c timezone=Asia/Kolkata' })
    await client.connect()
    onTestFinished(() => client.end())
    const { rows } = await runStatement(client as unknown as pg.PoolClient, `SELECT $1::${type} AS it, now() AS at`, [
      text,
    ])
    expect(rows).toEqual([{ it: value, at: expect.any(Date) }])
  })
})

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
    // How times are written.
    const toJSON = vi.spyOn(Date.prototype, 'toJSON').mockReturnValue('theirs')
    onTestFinished(() => {
      pg.defaults.parseInputDatesAsUTC = false
      toJSON.mockRestore()
    })
    pg.defaults.parseInputDatesAsUTC = true
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
