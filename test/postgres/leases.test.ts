// Who holds a run, and until when.
import { postgresDedupe } from '@luma-callback/postgres'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { hasPostgres, openPostgresInbox, postgresNamespace, postgresReason } from '../helpers/postgres.ts'
import { PATIENCE } from '../helpers/patience.ts'

const QUEUE = 'luma-callbacks'

describe.skipIf(!hasPostgres)(`on a Postgres${postgresReason}`, () => {
  /** An inbox with the shortest lease, and what else has to do with its jobs. */
  async function setUp() {
    const { url, schema, tearDown } = await postgresNamespace()
    const client = new pg.Client(url)
    await client.connect()
    const boss = new PgBoss({ connectionString: url, schema, supervise: false, schedule: false })
    boss.on('error', () => {})
    onTestFinished(async () => {
      await boss.stop({ graceful: false })
      await client.end()
      await tearDown()
    })
    const inbox = openPostgresInbox(url, { schema, lease: 1_000 })
    return {
      inbox,
      boss,
      /** As after an outage, before anybody could renew anything. */
      stopHeartbeats: () => client.query(`UPDATE ${schema}.job SET heartbeat_on = now() - interval '1 hour'`),
    }
  }

  test('a heartbeat that stopped does not take its run from a process that lives', async () => {
    const { inbox, stopHeartbeats } = await setUp()
    let mayEnd: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      mayEnd = resolve
    })
    const { runs, events } = await startInbox(inbox, () => gate)
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    const until = Date.now() + 1_500
    while (Date.now() < until) {
      await stopHeartbeats()
    }
    mayEnd()
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['delivered']), PATIENCE)
    expect(runs).toEqual(['a'])
  })

  test('pg-boss’s own monitor takes no run from a process that lives, however short the lease is', async () => {
    const { inbox, boss, stopHeartbeats } = await setUp()
    let mayEnd: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      mayEnd = resolve
    })
    const { runs, events } = await startInbox(inbox, () => gate)
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    await boss.start()
    for (let turn = 0; turn < 5; turn++) {
      await stopHeartbeats()
      await boss.supervise(QUEUE)
    }
    const [job] = await boss.findJobs(QUEUE)
    expect(job).toMatchObject({ state: 'active', retryCount: 0 })
    mayEnd()
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['delivered']), PATIENCE)
    expect(runs).toEqual(['a'])
  })

  test('what somebody else put into the queue is dead also where its claim was cut off', async () => {
    const { inbox, boss } = await setUp()
    await inbox.record(callbackOf('a'))
    await boss.start()
    await boss.send(QUEUE, { foo: 1 })
    // A process that took both, and was never heard of again.
    await boss.fetch(QUEUE, { batchSize: 2 })
    const { runs } = await startInbox(inbox)
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ done: 1, dead: 1 }), PATIENCE)
    expect(runs).toEqual(['a'])
  })

  test('a claim that has run out stays its holder’s while nobody else wants it', async () => {
    const { url, schema, tearDown } = await postgresNamespace()
    onTestFinished(tearDown)
    const store = postgresDedupe(url, { schema, timeout: PATIENCE.timeout })
    onTestFinished(() => store.close())
    expect(await store.claim({ key: 'a', holder: 'me', lease: 1, digest: 'digest' })).toBe('claimed')
    // Others pass by, and clear away what is over.
    for (let turn = 0; turn < 5; turn++)
      await store.claim({ key: `other-${turn}`, holder: 'you', lease: 1_000, digest: 'digest' })
    expect(await store.renew({ key: 'a', holder: 'me', lease: 60_000 })).toBe(true)
    expect(await store.claim({ key: 'a', holder: 'you', lease: 1_000, digest: 'digest' })).toBe('held')
  })
})
