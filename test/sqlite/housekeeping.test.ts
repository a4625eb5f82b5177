import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { LumaCallback } from '@luma-callback/core'
import { describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../packages/core/src/internal/clock.ts'
import { callbackOf, hangs, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { heldHook } from '../helpers/receiver.ts'
import { PATIENCE } from '../helpers/patience.ts'

const DAY = 24 * 60 * 60 * 1000

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

interface Filling {
  count: number
  /** 2 is done, 3 is dead. */
  state: 2 | 3
  receivedAt: number
}

/** Adds this many to a file, each with its number as the time when it ended. */
function fill(file: string, { count, state, receivedAt }: Filling): void {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA busy_timeout = 60000;
    BEGIN IMMEDIATE;
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    INSERT INTO seen (hash, digest, since) SELECT randomblob(16), randomblob(32), ${receivedAt} FROM numbers;
    INSERT INTO work (id, key, task_id, outcome, raw, query, received_at, state, at)
      SELECT id, '"key"', 'task', 'success', '{}', '{}', since, ${state}, id FROM seen
      WHERE id NOT IN (SELECT id FROM work);
    COMMIT;
  `)
  db.close()
}

/** How many keys a file remembers, counted. */
function seenIn(file: string): unknown {
  const db = new DatabaseSync(file)
  const row = db.prepare('SELECT count(*) AS count FROM seen').get()
  db.close()
  return row?.['count']
}

describe('what was seen', () => {
  test('is remembered for the retention, and not for longer', async () => {
    const clock = settableClock()
    const inbox = openInbox(newFile())
    const { events } = await startInbox(inbox, async () => {}, { clock, retention: 14 * DAY })
    const record = () => inbox.record(callbackOf('a', new Date(clock.now())))
    expect(await record()).toBe('recorded')
    await vi.waitFor(() => expect(events).toHaveLength(1), PATIENCE)
    clock.pass(14 * DAY - 600_000)
    expect(await record()).toBe('duplicate')
    clock.pass(1_200_000)
    expect(await record()).toBe('recorded')
    expect(await record()).toBe('duplicate')
    await vi.waitFor(() => expect(events).toHaveLength(2), PATIENCE)
  })

  test('is remembered from when it was done, however long that took', async () => {
    const clock = settableClock()
    const inbox = openInbox(newFile())
    const { hook, succeed } = heldHook()
    const { events, runs } = await startInbox(inbox, hook, { clock, retention: DAY })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    clock.pass(DAY + 60_000)
    succeed()
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'delivered' }]), PATIENCE)
    expect(await inbox.record(callbackOf('a', new Date(clock.now())))).toBe('duplicate')
  })

  test('is remembered as long though its content was purged', async () => {
    const clock = settableClock()
    const inbox = openInbox(newFile())
    const { hook, succeed } = heldHook()
    const { events, runs } = await startInbox(inbox, hook, { clock, retention: DAY })
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    clock.pass(DAY + 60_000)
    succeed()
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'delivered' }]), PATIENCE)
    expect(await inbox.purge()).toBe(1)
    expect(await inbox.record(callbackOf('a', new Date(clock.now())))).toBe('duplicate')
  })

  test('is not forgotten while it runs or waits, however old it is', async () => {
    const clock = settableClock()
    const inbox = openInbox(newFile())
    const held = heldHook()
    const hook = ({ taskId }: LumaCallback) => (taskId === 'quick' ? Promise.resolve() : held.hook())
    const { runs } = await startInbox(inbox, hook, { clock, retention: DAY, concurrency: 1 })
    for (const name of ['quick', 'running', 'waiting']) await inbox.record(callbackOf(name))
    await vi.waitFor(() => expect(runs).toEqual(['quick', 'running']), PATIENCE)
    clock.pass(30 * DAY)
    // What is done goes, so it has been cleared away.
    await vi.waitFor(async () => expect(await inbox.get('quick:success')).toBeUndefined(), PATIENCE)
    for (const name of ['running', 'waiting']) {
      expect(await inbox.record(callbackOf(name, new Date(clock.now())))).toBe('duplicate')
    }
    held.succeed()
    await vi.waitFor(() => expect(runs).toEqual(['quick', 'running', 'waiting']), PATIENCE)
    held.succeed()
  })

  test('is cleared away behind any number of old ones that stay, again and again', async () => {
    const file = newFile()
    const inbox = openInbox(file)
    await inbox.stats()
    fill(file, { count: 1_700, state: 3, receivedAt: Date.now() - 2 * DAY })
    fill(file, { count: 700, state: 2, receivedAt: Date.now() - 2 * DAY })
    const clock = settableClock()
    const { events } = await startInbox(inbox, async () => {}, { clock, retention: DAY })
    clock.pass(10_000)
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ done: 0, dead: 1_700 }), PATIENCE)
    await inbox.record(callbackOf('later'))
    await vi.waitFor(() => expect(events).toHaveLength(1), PATIENCE)
    clock.pass(2 * DAY)
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ done: 0, dead: 1_700 }), PATIENCE)
    expect(seenIn(file)).toBe(1_700)
  })

  test('is remembered from when it was done, should that have been late', async () => {
    const inbox = openInbox(newFile())
    await inbox.record(callbackOf('a', new Date(Date.now() - 10 * DAY)))
    const { events } = await startInbox(inbox, async () => {}, { retention: DAY })
    await vi.waitFor(() => expect(events).toHaveLength(1), PATIENCE)
    expect(await inbox.record(callbackOf('a'))).toBe('duplicate')
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
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'delivered')).toHaveLength(600), PATIENCE)
    clock.pass(DAY + 60_000)
    await inbox.record(callbackOf('new', new Date(clock.now())))
    await vi.waitFor(async () => expect((await inbox.list({ limit: 1_000 })).entries).toHaveLength(2), PATIENCE)
    expect(await inbox.stats()).toMatchObject({ done: 1, dead: 1 })
    expect(await inbox.record(callbackOf('bad', new Date(clock.now())))).toBe('duplicate')
  })
})

test('of what is done, the latest 10 000 stay, and the keys of all', async () => {
  const file = newFile()
  const inbox = openInbox(file)
  await inbox.record(callbackOf('first'))
  fill(file, { count: 11_000, state: 2, receivedAt: Date.now() })
  const clock = settableClock()
  await startInbox(inbox, hangs, { clock })
  clock.pass(10_000)
  await vi.waitFor(async () => expect((await inbox.stats()).done).toBe(10_000), PATIENCE)
  expect(await inbox.stats()).toMatchObject({ done: 10_000, running: 1, seen: 11_001 })
  const { entries } = await inbox.list({ state: 'done', limit: 1 })
  expect(entries[0]?.endedAt?.getTime()).toBe(11_001)
})

describe('a process that lives but hangs', () => {
  /** Its timers never fire, so it renews nothing. */
  const stopped = { ...systemClock, setTimeout: () => setTimeout(() => {}, 0), clearTimeout: () => {} }

  test('loses its work when the lease runs out, and what it says later changes nothing', async () => {
    const file = newFile()
    const inbox = openInbox(file, { lease: 2_000 })
    await inbox.record(callbackOf('a'))
    let finish = () => {}
    const hook = () =>
      new Promise<void>((resolve) => {
        finish = resolve
      })
    const hanging = await startInbox(openInbox(file, { lease: 2_000 }), hook, { clock: stopped })
    await vi.waitFor(() => expect(hanging.runs).toEqual(['a']), PATIENCE)
    const other = await startInbox(inbox)
    await vi.waitFor(() => expect(other.events.map(({ type }) => type)).toEqual(['recovered', 'delivered']), PATIENCE)
    expect(other.events[0]).toMatchObject({ attempt: 1 })

    finish()
    await vi.waitFor(() => expect(hanging.events).toHaveLength(1), PATIENCE)
    expect(hanging.events).toMatchObject([{ type: 'error', error: { code: 'ERR_LUMA_LEASE_LOST' } }])
    expect(await inbox.get('a:success')).toMatchObject({ state: 'done', attempts: 1, crashes: 1 })
  })
})

describe('an outage that is longer than a lease', () => {
  test('costs no run twice: who has finished writes it down before another takes it over', async () => {
    const file = newFile()
    const options = { lease: 3_000, busyTimeout: 20 }
    const { hook, succeed } = heldHook()
    const first = openInbox(file, options)
    const { runs } = await startInbox(first, hook, { concurrency: 1 })
    const { runs: others } = await startInbox(openInbox(file, options), hook, { concurrency: 1 })
    await first.record(callbackOf('a'))
    await vi.waitFor(() => expect([...runs, ...others]).toEqual(['a']), PATIENCE)
    const locker = new DatabaseSync(file)
    locker.exec('PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE')
    succeed()
    await new Promise((resolve) => setTimeout(resolve, 4_500))
    locker.exec('COMMIT')
    locker.close()
    await vi.waitFor(async () => expect(await first.get('a:success')).toMatchObject({ state: 'done' }), PATIENCE)
    expect([...runs, ...others]).toEqual(['a'])
    expect(await first.get('a:success')).toMatchObject({ attempts: 1, crashes: 0 })
  })
})

describe('what waits', () => {
  test('is run though the clock was set back by more than a retry may wait since it came', async () => {
    const clock = settableClock()
    const inbox = openInbox(newFile())
    await inbox.record(callbackOf('a', new Date(clock.now())))
    clock.pass(-60 * 60 * 1000)
    const { runs } = await startInbox(inbox, async () => {}, { clock })
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })

  test('is retried by the shortest maxDelay of those who share the file, and uses up no attempts before that', async () => {
    const file = newFile()
    const patient = openInbox(file)
    const hour = { attempts: 5, minDelay: 3_600_000, maxDelay: 3_600_000 }
    const { events } = await startInbox(patient, () => Promise.reject(new Error('not yet')), { retry: hour })
    await patient.record(callbackOf('a'))
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'retrying' }]), PATIENCE)
    const clock = settableClock()
    const minute = { attempts: 5, minDelay: 60_000, maxDelay: 60_000 }
    const { runs } = await startInbox(openInbox(file), async () => {}, { retry: minute, clock })
    const { attempts, nextRunAt } = (await patient.get('a:success')) ?? {}
    expect(attempts).toBe(1)
    expect(nextRunAt?.getTime()).toBeLessThanOrEqual(Date.now() + 60_000)
    expect(nextRunAt?.getTime()).toBeGreaterThan(Date.now())
    clock.pass(60_000)
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })

  test('is run in the order in which it was due, tried before or not', async () => {
    const file = newFile()
    const first = openInbox(file)
    await first.record(callbackOf('a'))
    const retry = { attempts: 3, minDelay: 600_000, maxDelay: 600_000 }
    const { events } = await startInbox(first, () => Promise.reject(new Error('not yet')), { retry })
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'retrying' }]), PATIENCE)
    await first.close()
    const inbox = openInbox(file)
    const clock = settableClock()
    clock.pass(3_600_000)
    for (const name of ['b', 'c']) await inbox.record(callbackOf(name, new Date(clock.now())))
    const { runs } = await startInbox(inbox, async () => {}, { concurrency: 1, retry, clock })
    await vi.waitFor(() => expect(runs).toHaveLength(3), PATIENCE)
    expect(runs).toEqual(['a', 'b', 'c'])
  })

  test.each(['key', 'query'])('is run though the %s of what is taken with it can no longer be read', async (column) => {
    const file = newFile()
    const inbox = openInbox(file, { lease: 600_000 })
    for (const name of ['spoilt', 'whole']) await inbox.record(callbackOf(name))
    const db = new DatabaseSync(file)
    db.exec(`UPDATE work SET ${column} = 'no JSON' WHERE task_id = 'spoilt'`)
    db.close()
    const { runs } = await startInbox(inbox)
    await vi.waitFor(() => expect(runs).toContain('whole'), PATIENCE)
  })
})
