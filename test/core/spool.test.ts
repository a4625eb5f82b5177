import { UnrecoverableError, withSpool, type DurableInbox, type LumaCallback, type Recorded } from '@luma-callback/core'
import { sqliteInbox } from '@luma-callback/sqlite'
import { inboxContract, sampleCallback } from '@luma-callback/testing'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { callbackOf, hangs, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'

/** An inbox whose engine can go away, and whose answers can be lost. */
function fragile(inbox: DurableInbox) {
  let state: 'there' | 'away' | 'silent' = 'there'
  const record = async (callback: LumaCallback): Promise<Recorded> => {
    if (state === 'away') throw new Error('connect ECONNREFUSED')
    const recorded = await inbox.record(callback)
    return state === 'silent' ? new Promise(() => {}) : recorded
  }
  return { inbox: { ...inbox, record }, set: (next: typeof state) => void (state = next) }
}

/** As if that many processes had died while they moved what is in a spool. */
function crash(file: string, times: number): void {
  const db = new DatabaseSync(file)
  db.prepare('UPDATE work SET crashes = ?').run(times)
  db.close()
}

/** A receiver's inbox with a spool, and another one on the same engine and the same spool, for later. */
function setUp() {
  const openEngine = memoryInboxes()
  const file = join(temporaryFolder(), 'spool.db')
  const engine = fragile(openEngine())
  const open = (inbox: DurableInbox): DurableInbox => {
    const opened = withSpool(inbox, sqliteInbox(file, { pollInterval: 20 }), { timeout: 200 })
    onTestFinished(() => opened.close({ timeout: 0 }))
    return opened
  }
  return { ...engine, file, spooled: open(engine.inbox), reopen: () => open(openEngine()), elsewhere: openEngine }
}

describe('withSpool is an inbox like any other', () => {
  inboxContract({
    test,
    setUp() {
      const openEngine = memoryInboxes()
      const folder = temporaryFolder(() => {})
      let machines = 0
      return {
        // Each machine has a spool of its own.
        open: () => withSpool(openEngine(), sqliteInbox(join(folder, `spool-${++machines}.db`), { pollInterval: 20 })),
        tearDown: () => rmSync(folder, { recursive: true }),
      }
    },
  })
})

describe('while the engine is away', () => {
  test('callbacks are taken, told from their duplicates, and their hooks run once when it is back', async () => {
    const { spooled, set } = setUp()
    const { events, runs } = await startInbox(spooled)
    await spooled.record(callbackOf('before'))
    set('away')
    expect(await spooled.record(callbackOf('during'))).toBe('recorded')
    expect(await spooled.record(callbackOf('during'))).toBe('duplicate')
    expect(await spooled.get('during:success')).toMatchObject({ taskId: 'during' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(runs).toEqual(['before'])
    set('there')
    await vi.waitFor(() => expect(runs).toEqual(['before', 'during']), PATIENCE)
    expect(await spooled.record(callbackOf('during'))).toBe('duplicate')
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'delivered').length).toBe(2), PATIENCE)
    expect(await spooled.stats()).toMatchObject({ pending: 0, running: 0, done: 2, dead: 0 })
  })

  test('what the provider sends again when it is back, and before it was moved, runs once', async () => {
    const { spooled, set } = setUp()
    const { events, runs } = await startInbox(spooled)
    set('away')
    await spooled.record(callbackOf('a'))
    set('there')
    expect(['recorded', 'duplicate']).toContain(await spooled.record(callbackOf('a')))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    // A callback that comes later is moved later.
    set('away')
    await spooled.record(callbackOf('b'))
    set('there')
    await vi.waitFor(() => expect(runs).toEqual(['a', 'b']), PATIENCE)
    expect(events.some(({ type }) => type === 'conflict')).toBe(false)
  })

  test('what it took although its answer was lost runs once', async () => {
    const { spooled, set } = setUp()
    const { runs } = await startInbox(spooled)
    set('silent')
    expect(await spooled.record(callbackOf('a'))).toBe('recorded')
    set('there')
    await spooled.record(callbackOf('b'))
    await vi.waitFor(() => expect(runs.toSorted()).toEqual(['a', 'b']), PATIENCE)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(runs.toSorted()).toEqual(['a', 'b'])
  })

  test('a receiver that ends loses nothing: the next one on its machine moves it over', async () => {
    const { spooled, set, reopen } = setUp()
    await startInbox(spooled)
    set('away')
    await spooled.record(callbackOf('a'))
    await spooled.close({ timeout: 0 })
    const { runs } = await startInbox(reopen())
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })

  test('what moving it was cut off from by crashes again and again is moved all the same', async () => {
    const { spooled, set, file, reopen } = setUp()
    await startInbox(spooled)
    set('away')
    await spooled.record(callbackOf('a'))
    await spooled.close({ timeout: 0 })
    crash(file, 4)
    const { events, runs } = await startInbox(reopen())
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    expect(events.map(({ type }) => type)).not.toContain('dead')
  })

  test('not even an engine that says that trying again is useless makes the spool give up', async () => {
    const { inbox, spooled, set } = setUp()
    set('away')
    let refusals = 0
    const stubborn: DurableInbox = {
      ...inbox,
      record: (callback) =>
        refusals++ < 2 ? Promise.reject(new UnrecoverableError('no room')) : inbox.record(callback),
    }
    const other = withSpool(stubborn, sqliteInbox(join(temporaryFolder(), 'spool.db'), { pollInterval: 20 }))
    onTestFinished(() => other.close({ timeout: 0 }))
    const { runs } = await startInbox(other)
    expect(await other.record(callbackOf('a'))).toBe('recorded')
    set('there')
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    await spooled.close()
  })

  test('what contradicts a callback that the engine knows is told as a conflict, with both', async () => {
    const { spooled, set, elsewhere } = setUp()
    const { events, runs } = await startInbox(spooled)
    set('away')
    const forged = sampleCallback({ taskId: 'a', resultUrls: ['https://files.example/forged.mp4'] })
    expect(await spooled.record(forged)).toBe('recorded')
    // Another machine still reaches the engine.
    const first = callbackOf('a')
    await elsewhere().record(first)
    set('there')
    const conflict = { type: 'conflict', callback: { raw: forged.raw }, first: first.raw }
    await vi.waitFor(() => expect(events).toContainEqual(expect.objectContaining({ type: 'conflict' })), PATIENCE)
    expect(events.find(({ type }) => type === 'conflict')).toMatchObject(conflict)
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })

  test('and the spool too, the callback is refused, and the error says so of both', async () => {
    const { inbox, set } = setUp()
    set('away')
    const broken = { ...inbox, record: () => Promise.reject(new Error('the disk is full')) } satisfies DurableInbox
    const spooled = withSpool(inbox, broken)
    await expect(spooled.record(callbackOf('a'))).rejects.toMatchObject({
      code: 'ERR_LUMA_STORE_UNAVAILABLE',
      cause: { errors: [{ message: 'connect ECONNREFUSED' }, { message: 'the disk is full' }] },
    })
  })

  test('a receiver starts all the same, and works when it is there', async () => {
    const { inbox, set } = setUp()
    let attempts = 0
    const slow: DurableInbox = {
      ...inbox,
      start: (...args) => (++attempts === 1 ? Promise.reject(new Error('connect ECONNREFUSED')) : inbox.start(...args)),
    }
    const spooled = withSpool(slow, sqliteInbox(join(temporaryFolder(), 'spool.db'), { pollInterval: 20 }), {
      timeout: 50,
    })
    onTestFinished(() => spooled.close({ timeout: 0 }))
    set('away')
    const { events, runs } = await startInbox(spooled)
    expect(events).toMatchObject([{ type: 'error', error: { code: 'ERR_LUMA_STORE_UNAVAILABLE' } }])
    expect(await spooled.record(callbackOf('a'))).toBe('recorded')
    set('there')
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })

  test('closing does not wait for it', async () => {
    const { spooled, set } = setUp()
    await startInbox(spooled, hangs)
    set('away')
    await spooled.record(callbackOf('a'))
    await spooled.close({ timeout: 0 })
    await expect(spooled.record(callbackOf('b'))).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
  })
})

test('a wrong timeout is a TypeError that names it', () => {
  const { inbox } = setUp()
  for (const timeout of [0, -1, 1.5, Number.NaN, '3s' as unknown as number]) {
    expect(() => withSpool(inbox, inbox, { timeout })).toThrow(/"timeout"/)
  }
})
