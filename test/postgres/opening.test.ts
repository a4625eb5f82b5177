// What comes while the schema is being made, which takes its time where the machine is busy.
import { setTimeout as sleep } from 'node:timers/promises'
import { createHandler } from '@luma-callback/core'
import { postgresDedupe, postgresInbox } from '@luma-callback/postgres'
import pg from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { hasPostgres, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

const SHORT = 200

describe.skipIf(!hasPostgres)(`while the schema is being made${postgresReason}`, () => {
  /** A database without our schema, in which another process is making it, for as long as the test wants. */
  async function setUp() {
    const { url, schema, tearDown } = await postgresNamespace()
    const other = new pg.Client(url)
    await other.connect()
    const pool = new pg.Pool({ connectionString: url, max: 5 })
    onTestFinished(async () => {
      await other.end()
      await pool.end()
      await tearDown()
    })
    await other.query('BEGIN')
    const key = `hashtext('luma-callback'), hashtext('${schema}')`
    await other.query(`SELECT pg_advisory_xact_lock(${key})`)

    async function untilHeldUp(): Promise<void> {
      await vi.waitFor(async () => {
        const { rows } = await other.query(
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND (classid, objid) = (
             (hashtext('luma-callback')::bit(32)::bigint)::oid, (hashtext($1)::bit(32)::bigint)::oid)`,
          [schema],
        )
        expect(rows).not.toEqual([])
      }, PATIENCE)
      // For longer than the stores were given.
      await sleep(3 * SHORT)
    }

    return { url, schema, pool, untilHeldUp, letGo: () => other.query('ROLLBACK') }
  }

  test('a callback waits for it, for longer than Postgres may take otherwise', async () => {
    const { pool, schema, untilHeldUp, letGo } = await setUp()
    const inbox = postgresInbox(pool, { schema, timeout: SHORT })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const ended = vi.fn<() => void>()
    const recording = inbox.record(callbackOf('a'))
    recording.then(ended, ended)
    await untilHeldUp()
    expect(ended).not.toHaveBeenCalled()
    await letGo()
    // From here on Postgres has to be quick, which it may not be.
    await recording.catch(() => {})
    await vi.waitFor(() => inbox.record(callbackOf('a')), PATIENCE)
    expect(await vi.waitFor(() => inbox.stats(), PATIENCE)).toMatchObject({ pending: 1 })
  })

  test('a start goes on until it is there, and says nothing of trouble', async () => {
    const { pool, schema, untilHeldUp, letGo } = await setUp()
    const inbox = postgresInbox(pool, { schema, timeout: SHORT, pollInterval: 50 })
    onTestFinished(() => inbox.close({ timeout: 0 }))
    const starting = startInbox(inbox)
    await untilHeldUp()
    await letGo()
    const { events } = await starting
    expect(events).toEqual([])
    await vi.waitFor(() => inbox.record(callbackOf('a')), PATIENCE)
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain('delivered'), PATIENCE)
  })

  test('a claim waits for it too', async () => {
    const { pool, schema, untilHeldUp, letGo } = await setUp()
    const store = postgresDedupe(pool, { schema, timeout: SHORT })
    const claim = () => store.claim({ key: 'a', holder: 'me', lease: 600_000, digest: 'digest' })
    const ended = vi.fn<() => void>()
    const claiming = claim()
    claiming.then(ended, ended)
    await untilHeldUp()
    expect(ended).not.toHaveBeenCalled()
    await letGo()
    await claiming.catch(() => {})
    expect(await vi.waitFor(claim, PATIENCE)).toBe('claimed')
  })

  test('a callback is answered within its "ackTimeout" all the same, and taken when it comes again', async () => {
    const { pool, schema, untilHeldUp, letGo } = await setUp()
    const inbox = postgresInbox(pool, { schema, timeout: PATIENCE.timeout })
    const handler = createHandler({ onSuccess: () => {}, inbox, ackTimeout: SHORT, secret: SECRET })
    onTestFinished(() => handler.close({ timeout: 0 }))
    const { taskId, body } = successOf()
    const request = { method: 'POST', url: '/luma-modify-callback', rawBody: body }
    const post = () => handler.handle({ ...request, headers: signedHeaders(taskId) })
    expect(await post()).toMatchObject({ status: 503 })
    await untilHeldUp()
    await letGo()
    await vi.waitFor(async () => expect(await post()).toMatchObject({ status: 200 }), PATIENCE)
  })

  test('a close waits for nothing of it', async () => {
    const { pool, schema, untilHeldUp } = await setUp()
    const inbox = postgresInbox(pool, { schema, timeout: PATIENCE.timeout })
    const starting = startInbox(inbox)
    const recording = inbox.record(callbackOf('a'))
    for (const waiting of [starting, recording]) waiting.catch(() => {})
    await untilHeldUp()
    await inbox.close({ timeout: 0 })
    for (const waiting of [starting, recording])
      await expect(waiting).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
  })
})
