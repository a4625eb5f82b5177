// A key that was neither added nor found is no duplicate: nobody has its callback.
import { postgresDedupe } from '@luma-callback/postgres'
import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'

const UNAVAILABLE = { code: 'ERR_LUMA_STORE_UNAVAILABLE', message: expect.stringContaining('neither added nor found') }

describe.skipIf(!hasPostgres)(`on a Postgres${postgresReason}`, () => {
  async function setUp() {
    const { url, schema, tearDown } = await postgresNamespace()
    const client = new pg.Client(url)
    await client.connect()
    onTestFinished(async () => {
      await client.end()
      await tearDown()
    })
    return { url, schema, client }
  }

  /** A trigger that leaves out each row without a word; resolves with what takes it away. */
  async function swallow(client: pg.Client, schema: string, table: string): Promise<() => Promise<unknown>> {
    await client.query(`
      CREATE FUNCTION ${schema}.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER swallow BEFORE INSERT ON ${schema}.${table} FOR EACH ROW EXECUTE FUNCTION ${schema}.swallow()`)
    return () => client.query(`DROP FUNCTION ${schema}.swallow() CASCADE`)
  }

  test.each(['seen', 'job'])('a callback whose row in "%s" is swallowed is refused, and taken later', async (table) => {
    const { url, schema, client } = await setUp()
    const inbox = openPostgresInbox(url, { schema })
    await inbox.record(callbackOf('before'))
    const mend = await swallow(client, schema, table)
    for (const id of ['a', 'a']) await expect(inbox.record(callbackOf(id))).rejects.toMatchObject(UNAVAILABLE)
    expect(await inbox.record(callbackOf('before'))).toBe('duplicate')
    await mend()
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
    const { runs } = await startInbox(inbox)
    await vi.waitFor(() => expect(runs.toSorted()).toEqual(['a', 'before']), PATIENCE)
  })

  test('a job whose key was forgotten is a duplicate still', async () => {
    const { url, schema, client } = await setUp()
    const inbox = openPostgresInbox(url, { schema })
    await inbox.record(callbackOf('a'))
    await client.query(`DELETE FROM ${schema}.seen`)
    expect(await inbox.record(callbackOf('a'))).toBe('duplicate')
  })

  test('a claim whose row is swallowed is refused, and taken later', async () => {
    const { url, schema, client } = await setUp()
    const store = postgresDedupe(url, { schema, timeout: PATIENCE.timeout })
    onTestFinished(() => store.close())
    const claim = () => store.claim({ key: 'a', holder: 'me', lease: 600_000, digest: 'digest' })
    await store.release({ key: 'a', holder: 'me' })
    const mend = await swallow(client, schema, 'dedupe')
    await expect(claim()).rejects.toMatchObject(UNAVAILABLE)
    await mend()
    expect(await claim()).toBe('claimed')
  })
})
