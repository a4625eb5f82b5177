import { parseCallback, type LumaCallback } from '@luma-callback/core'
import { postgresDedupe, postgresInbox, type PostgresConnection } from '@luma-callback/postgres'
import { expect, vi } from 'vitest'
import { callbackOf, startInbox } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { successOf } from '../helpers/signed.ts'

/** A callback's whole way, and what is seen of it from outside; in a schema that others may use too. */
export async function expectToWork(connection: PostgresConnection, schema: string, id = 'task'): Promise<void> {
  const options = { schema, pollInterval: 50, timeout: PATIENCE.timeout }
  const inbox = postgresInbox(connection, options)
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
  await expectToRemember(connection, schema, id)
}

async function expectToRemember(connection: PostgresConnection, schema: string, id: string): Promise<void> {
  const store = postgresDedupe(connection, { schema, timeout: PATIENCE.timeout })
  const claim = (key: string, holder: string, digest = 'digest') =>
    store.claim({ key: `${id}-${key}`, holder, lease: 600_000, digest })
  try {
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
  } finally {
    await store.close()
  }
}

function changed(callback: LumaCallback): LumaCallback {
  const raw = successOf(callback.taskId).body.replace('"code":', '"added":1,"code":')
  return parseCallback({ raw, query: {}, receivedAt: new Date() })
}
