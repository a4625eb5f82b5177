import { InboxFileError, LumaError } from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { fakeEngine, inboxOn, LEASE } from '../helpers/fake-engine.ts'
import { jobOf } from '../helpers/jobs.ts'
import { callbackOf } from '../helpers/inboxes.ts'
import { heldHook, watch } from '../helpers/receiver.ts'

const never = () => new Promise<never>(() => {})
const fails = (message: string) => () => Promise.reject(new Error(message))
const unavailable = expect.objectContaining({ code: 'ERR_LUMA_STORE_UNAVAILABLE' }) as LumaError

describe('opening', () => {
  test('comes before the first call, and once for all of them', async () => {
    const engine = fakeEngine()
    const { inbox } = inboxOn(engine)
    await Promise.all([inbox.record(callbackOf('a')), inbox.get('b'), inbox.stats()])
    expect(engine.notes.filter((note) => note === 'open')).toHaveLength(1)
    expect(engine.notes[0]).toBe('open')
  })

  test('is tried again by the next call, and by an inbox that was started, until it succeeds', async () => {
    const engine = fakeEngine(jobOf('a'))
    engine.next.open = [fails('away'), fails('away'), fails('away')]
    const { inbox, clock, events, start } = inboxOn(engine)
    await start()
    expect(events).toMatchObject([
      { type: 'error', error: { message: 'the inbox in a test is not at work yet: away' } },
    ])
    await expect(inbox.record(callbackOf('b'))).rejects.toThrow('the inbox in a test could not record task b: away')
    await clock.advance(1_000)
    expect(engine.notes).not.toContain('complete a')
    await clock.advance(1_000)
    expect(engine.notes).toContain('complete a')
  })

  test('that is useless to try again rejects the start, which can then be asked for again', async () => {
    const engine = fakeEngine()
    engine.next.open = [() => Promise.reject(new InboxFileError('it is damaged'))]
    const { events, start } = inboxOn(engine)
    await expect(start()).rejects.toMatchObject({ code: 'ERR_LUMA_INBOX_FILE' })
    expect(events).toEqual([])
    await start()
  })

  test('that succeeds later is told as restored, and each reason why it does not is told once', async () => {
    const engine = fakeEngine()
    engine.next.open = [fails('away'), fails('away'), fails('permission denied'), fails('permission denied')]
    const { clock, events, start } = inboxOn(engine, {}, { tellsReturn: true })
    await start()
    await clock.advance(10_000)
    expect(events.map((event) => (event.type === 'error' ? event.error.message : event.type))).toEqual([
      'the inbox in a test is not at work yet: away',
      'the inbox in a test is not at work yet: permission denied',
      'restored',
    ])
  })

  test('does not count against the time of a call', async () => {
    const engine = fakeEngine()
    let opened: () => void = () => {}
    engine.next.open = [() => new Promise<void>((resolve) => (opened = resolve))]
    const { inbox, clock, start } = inboxOn(engine, { timeout: 2_000 })
    void start()
    const recorded = watch(inbox.record(callbackOf('a')))
    await clock.advance(60_000)
    opened()
    await settlePromises()
    expect(recorded.result).toBe('recorded')
  })
})

describe('a call', () => {
  test('that the engine does not answer in time is unavailable', async () => {
    const engine = fakeEngine()
    engine.next.record = [never]
    const { inbox, clock, start } = inboxOn(engine, { timeout: 2_000 })
    await start()
    const recorded = expect(inbox.record(callbackOf('a'))).rejects.toEqual(unavailable)
    await clock.advance(2_000)
    await recorded
  })

  test('with a callback or a key that is none is a TypeError, and the engine hears nothing of it', async () => {
    const engine = fakeEngine()
    const { inbox } = inboxOn(engine)
    const { digest: _, ...incomplete } = callbackOf('a')
    await expect(inbox.record(incomplete as ReturnType<typeof callbackOf>)).rejects.toThrow('record: "digest" must be')
    await expect(inbox.get('')).rejects.toThrow(TypeError)
    await expect(inbox.requeue(5 as unknown as string)).rejects.toThrow(TypeError)
    await expect(inbox.list({ limit: 0 })).rejects.toThrow(TypeError)
    expect(engine.notes.filter((note) => note !== 'open')).toEqual([])
  })

  test('tells the engine from when on a key counts as known', async () => {
    const engine = fakeEngine()
    const { inbox, start } = inboxOn(engine)
    await inbox.record(callbackOf('a'))
    await start()
    await inbox.record(callbackOf('b'))
    const records = engine.notes.filter((note) => note.startsWith('record'))
    expect(records).toEqual(['record a:success unless seen since 0', 'record b:success unless seen since 940000'])
  })

  test('to requeue or purge all goes on in steps, and ends though more keeps coming', async () => {
    const engine = fakeEngine()
    const { inbox } = inboxOn(engine)
    engine.next.stats = [async () => ({ dead: 1_200 }), async () => ({ done: 700 })]
    // A short step is not the last one: another process may requeue at the same time.
    engine.next.requeue = [499, ...Array.from({ length: 9 }, () => 500)].map((count) => async () => count)
    expect(await inbox.requeue()).toBe(1_499)
    engine.next.purge = Array.from({ length: 9 }, () => async () => 500)
    expect(await inbox.purge()).toBe(1_000)
  })
})

describe('suspects, which were running during two crashes', () => {
  test('run one at a time; the others are put back, and other callbacks take their places', async () => {
    const suspects = ['a', 'b', 'c'].map((name) => jobOf(name, { crashes: 2 }))
    const engine = fakeEngine(...suspects, ...Array.from({ length: 12 }, (_, index) => jobOf(`other ${index}`)))
    const hook = heldHook()
    const { start } = inboxOn(engine)
    await start(hook.hook)
    await settlePromises()
    expect(engine.notes.filter((note) => note.startsWith('put back'))).toEqual([
      'put back b for 1000',
      'put back c for 1000',
    ])
    expect(hook.calls).toHaveLength(10)
  })

  test('are followed by the next one when one is done', async () => {
    const engine = fakeEngine(jobOf('a', { crashes: 3 }))
    const { clock, start } = inboxOn(engine)
    await start()
    await settlePromises()
    engine.waiting.push(jobOf('b', { crashes: 3 }))
    await clock.advance(500)
    expect(engine.notes).toEqual(expect.arrayContaining(['complete a', 'complete b']))
  })
})

describe('what others left behind', () => {
  test('is recovered from time to time', async () => {
    const engine = fakeEngine()
    const { clock, start } = inboxOn(engine)
    await start()
    await settlePromises()
    expect(engine.notes.filter((note) => note === 'recover')).toHaveLength(1)
    await clock.advance(10_000)
    expect(engine.notes.filter((note) => note === 'recover')).toHaveLength(3)
  })

  test('is left alone for a lease after an outage, for its holders could not renew', async () => {
    const engine = fakeEngine()
    const { clock, events, start } = inboxOn(engine)
    await start()
    await settlePromises()
    engine.next.uptime = [fails('away')]
    await clock.advance(5_000)
    expect(events).toMatchObject([{ type: 'error', error: { message: 'the inbox in a test could not be tidied up' } }])
    const before = engine.notes.filter((note) => note === 'recover').length
    await clock.advance(LEASE)
    expect(engine.notes.filter((note) => note === 'recover')).toHaveLength(before)
    await clock.advance(10_000)
    expect(engine.notes.filter((note) => note === 'recover').length).toBeGreaterThan(before)
  })

  test('is left alone for a lease after a start that failed, for the outage began before the first look', async () => {
    const engine = fakeEngine()
    engine.next.begin = [fails('away')]
    engine.begin = async () => void (await engine.next.begin?.shift()?.())
    const { clock, start } = inboxOn(engine)
    await start()
    await clock.advance(1_000)
    expect(engine.notes).toContain('uptime')
    await clock.advance(LEASE - 5_000)
    expect(engine.notes).not.toContain('recover')
    await clock.advance(10_000)
    expect(engine.notes).toContain('uptime')
  })

  test('is recovered without such patience by an engine that cannot be away', async () => {
    const { uptime: _, ...engine } = fakeEngine()
    engine.next.recover = [fails('locked')]
    const { clock, start } = inboxOn(engine)
    await start()
    await clock.advance(5_000)
    expect(engine.notes.filter((note) => note === 'recover')).toHaveLength(2)
  })

  test('is looked for again after a look that hangs, which is told', async () => {
    const engine = fakeEngine()
    engine.next.recover = [never]
    const { clock, events, start } = inboxOn(engine)
    void start()
    await clock.advance(LEASE)
    expect(events).toMatchObject([{ type: 'error', error: { message: 'the inbox in a test could not be tidied up' } }])
    await clock.advance(2 * LEASE)
    expect(engine.notes.filter((note) => note === 'recover').length).toBeGreaterThan(1)
  })

  test('is left alone while the storage has run for less than a lease', async () => {
    const engine = fakeEngine()
    engine.next.uptime = [async () => LEASE - 1]
    const { start } = inboxOn(engine)
    await start()
    await settlePromises()
    expect(engine.notes).not.toContain('recover')
  })
})

describe('clearing away', () => {
  test('goes on in steps until one is not full, and keeps the latest that are done', async () => {
    const engine = fakeEngine()
    const { clock, start } = inboxOn(engine)
    await start()
    await settlePromises()
    engine.next.purge = [async () => 500, async () => 3]
    engine.next.forget = [async () => 500, async () => 0]
    await clock.advance(5_000)
    const swept = engine.notes.filter((note) => /^(?:purge|forget)/.test(note))
    expect(swept).toEqual(['purge but 10000', 'purge but 10000', 'forget before 945000', 'forget before 945000'])
  })

  test('holds up no look for what crashes left behind', async () => {
    const engine = fakeEngine()
    engine.next.purge = [never]
    const { clock, start } = inboxOn(engine)
    await start()
    await clock.advance(20_000)
    expect(engine.notes.filter((note) => note === 'recover').length).toBeGreaterThan(3)
    expect(engine.notes.filter((note) => note.startsWith('purge'))).toHaveLength(1)
  })
})

describe('closing', () => {
  test('begins nothing more, though calls that were made before still wait', async () => {
    const engine = fakeEngine()
    engine.next.stats = [never]
    const { inbox, clock, start } = inboxOn(engine)
    await start()
    await settlePromises()
    inbox.stats().catch(() => {})
    const closed = inbox.close()
    engine.waiting.push(jobOf('late'))
    await clock.advance(10_000)
    await closed
    expect(engine.notes.filter((note) => /^(?:complete|put back)/.test(note))).toEqual([])
    expect(engine.waiting).toHaveLength(1)
  })

  test('ends a start that still waits for the engine', async () => {
    const engine = fakeEngine()
    engine.begin = never
    const { inbox, clock, start } = inboxOn(engine)
    const starting = start()
    starting.catch(() => {})
    await settlePromises()
    const closed = inbox.close()
    await clock.advance(10_000)
    await expect(starting).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
    await closed
  })

  test('waits for a start that came late, and closes the engine last', async () => {
    const engine = fakeEngine(jobOf('a'))
    engine.next.open = [fails('away')]
    let looked: (uptime: number) => void = () => {}
    engine.next.uptime = [() => new Promise((resolve) => (looked = resolve))]
    const { inbox, clock, start } = inboxOn(engine)
    await start()
    await clock.advance(1_000)
    const closed = inbox.close()
    await settlePromises()
    looked(Infinity)
    await clock.advance(10_000)
    await closed
    expect(engine.notes).toContain('uptime')
    expect(engine.notes.at(-1)).toBe('close')
    expect(clock.pending).toBe(0)
  })

  test('leaves no timer behind where listening failed', async () => {
    const engine = fakeEngine()
    engine.listen = () => {
      throw new Error('no')
    }
    const { inbox, clock, start } = inboxOn(engine)
    await start()
    await clock.advance(3_000)
    const closed = inbox.close()
    await clock.advance(10_000)
    await closed
    expect(clock.pending).toBe(0)
  })

  test('gives back what still runs when its time is over, and closes the engine last', async () => {
    const engine = fakeEngine(jobOf('a'))
    const { inbox, clock, start } = inboxOn(engine)
    await start(never)
    await settlePromises()
    const closed = inbox.close({ timeout: 10 })
    await clock.advance(10_000)
    await closed
    const last = engine.notes.filter((note) => !note.startsWith('renew')).slice(-2)
    expect(last).toEqual(['put back a for 0', 'close'])
    await expect(inbox.record(callbackOf('b'))).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
  })

  test('ends though the engine hangs', async () => {
    const engine = fakeEngine()
    engine.next.close = [never]
    engine.next.recover = [never]
    const { inbox, clock, start } = inboxOn(engine)
    void start()
    await clock.advance(10_000)
    const closed = watch(inbox.close())
    await clock.advance(20_000)
    expect(closed.result).toBeUndefined()
  })

  test('while it opens begins nothing', async () => {
    const engine = fakeEngine(jobOf('a'))
    let opened: () => void = () => {}
    engine.next.open = [() => new Promise<void>((resolve) => (opened = resolve))]
    const { inbox, clock, start } = inboxOn(engine)
    const starting = start()
    starting.catch(() => {})
    const closed = inbox.close()
    opened()
    await clock.advance(10_000)
    await expect(starting).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
    await closed
    expect(engine.asked).toEqual([])
  })
})
