import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../packages/core/src/clock.ts'
import { callbackOf, hangs, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'

const DAY = 24 * 60 * 60 * 1000
const long = { timeout: 20_000, interval: 20 }

/** A clock whose time can be set, with the platform's own timers. */
function settableClock() {
  let offset = 0
  return {
    ...systemClock,
    now: () => Date.now() + offset,
    pass(milliseconds: number) {
      offset += milliseconds
    },
  }
}

function newFile(): string {
  return join(temporaryFolder(), 'luma.db')
}

describe('what was seen', () => {
  test('is remembered for the retention, and not for longer', async () => {
    const clock = settableClock()
    const inbox = openInbox(newFile())
    const { events } = await startInbox(inbox, async () => {}, { clock, retention: 14 * DAY })
    const record = () => inbox.record(callbackOf('a', new Date(clock.now())))
    expect(await record()).toBe('recorded')
    await vi.waitFor(() => expect(events).toHaveLength(1), long)
    clock.pass(14 * DAY - 60_000)
    expect(await record()).toBe('duplicate')
    clock.pass(120_000)
    expect(await record()).toBe('recorded')
    expect(await record()).toBe('duplicate')
    await vi.waitFor(() => expect(events).toHaveLength(2), long)
  })

  test('is cleared away when it is old, past what is not done, which stays', async () => {
    const clock = settableClock()
    const inbox = openInbox(newFile())
    const { events } = await startInbox(
      inbox,
      async ({ taskId }) => {
        if (taskId === 'bad') throw new Error('never')
      },
      { clock, retention: DAY },
    )
    await inbox.record(callbackOf('bad'))
    for (let index = 0; index < 600; index++) await inbox.record(callbackOf(`task-${index}`))
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'delivered')).toHaveLength(600), long)
    clock.pass(DAY + 60_000)
    await inbox.record(callbackOf('new', new Date(clock.now())))
    await vi.waitFor(async () => expect((await inbox.list({ limit: 1_000 })).entries).toHaveLength(2), long)
    expect(await inbox.stats()).toMatchObject({ done: 1, dead: 1 })
    expect(await inbox.record(callbackOf('bad', new Date(clock.now())))).toBe('duplicate')
  })
})

test('of what is done, the latest 10 000 stay, and the keys of all', async () => {
  const file = newFile()
  const inbox = openInbox(file)
  await inbox.record(callbackOf('first'))
  const db = new DatabaseSync(file)
  db.exec(`
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 11000)
    INSERT INTO seen (hash, digest, received_at) SELECT randomblob(16), randomblob(32), ${Date.now()} FROM numbers;
    INSERT INTO work (id, key, task_id, outcome, raw, query, received_at, state, at)
      SELECT id, '"key"', 'task', 'success', '{}', '{}', received_at, 2, id FROM seen WHERE id > 1;
  `)
  db.close()
  const clock = settableClock()
  await startInbox(inbox, hangs, { clock })
  clock.pass(10_000)
  await vi.waitFor(async () => expect((await inbox.stats()).done).toBe(10_000), long)
  expect(await inbox.stats()).toMatchObject({ done: 10_000, running: 1, seen: 11_001 })
  const { entries } = await inbox.list({ state: 'done', limit: 1 })
  expect(entries[0]?.endedAt?.getTime()).toBe(11_001)
})

describe('a process that lives but hangs', () => {
  /** Its timers never fire, so it renews nothing. */
  const stopped = { ...systemClock, setTimeout: () => setTimeout(() => {}, 0), clearTimeout: () => {} }

  test('loses its work when the lease runs out, and what it says later changes nothing', async () => {
    const file = newFile()
    const inbox = openInbox(file, { lease: 1_000 })
    await inbox.record(callbackOf('a'))
    let finish = () => {}
    const hook = () =>
      new Promise<void>((resolve) => {
        finish = resolve
      })
    const hanging = await startInbox(openInbox(file, { lease: 1_000 }), hook, { clock: stopped })
    await vi.waitFor(() => expect(hanging.runs).toEqual(['a']), long)
    const other = await startInbox(inbox)
    await vi.waitFor(() => expect(other.events.map(({ type }) => type)).toEqual(['recovered', 'delivered']), long)
    expect(other.events[0]).toMatchObject({ attempt: 1 })

    finish()
    await vi.waitFor(() => expect(hanging.events).toHaveLength(1), long)
    expect(hanging.events).toMatchObject([{ type: 'error', error: { code: 'ERR_LUMA_LEASE_LOST' } }])
    expect(await inbox.get('a:success')).toMatchObject({ state: 'done', attempts: 1, crashes: 1 })
  })
})
