import {
  ForgedError,
  memoryDedupe,
  NoHookError,
  parseCallback,
  StoreUnavailableError,
  UnrecoverableError,
  type LumaEvent,
} from '@luma-callback/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest'
import { createPrinter } from '../../packages/core/src/events/printer.ts'
import { fakeClock } from '../helpers/clock.ts'
import { ROOT, startChild } from '../helpers/child.ts'
import { startReceiver, verdictOf } from '../helpers/receiver.ts'
import { fixtures, signedHeaders, successOf } from '../helpers/signed.ts'

const callback = parseCallback({ raw: fixtures.success, query: {}, receivedAt: new Date(0) })
const MINUTE = 60_000
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z luma-callback: /

/** The default observer on a clock that stands still. */
function start() {
  const clock = fakeClock({ now: Date.UTC(2026, 0, 2, 3, 4, 5) })
  const lines: string[] = []
  const { print, flush } = createPrinter({ clock, write: (text) => lines.push(text) })
  return { clock, lines, print, flush }
}

function forged(address?: string): LumaEvent {
  const message = 'the signature was made with another key, or for another task id or time'
  return { type: 'rejected', status: 401, reason: 'unverified', message, ...(address !== undefined && { address }) }
}

function rejected(reason: 'invalid_json' | 'busy' | 'closing'): LumaEvent {
  return { type: 'rejected', status: 400, reason, message: 'a message' }
}

const away = (): LumaEvent => ({ type: 'error', error: new StoreUnavailableError('the inbox could not record task a') })
const retrying = (error: Error): LumaEvent => ({
  type: 'retrying',
  callback,
  attempt: 1,
  error,
  by: 'inbox',
  delay: 1_000,
})
const dead = (error: Error): LumaEvent => ({ type: 'dead', callback, attempt: 5, error })

describe('a task that nothing else names', () => {
  test('has a line of its own: a failure without a hook, a stored callback that cannot be read', () => {
    const { lines, print } = start()
    for (let index = 0; index < 20; index++) {
      print({ type: 'error', error: new NoHookError(`task ${index} failed with code 500`), taskId: String(index) })
      print({ type: 'error', error: new UnrecoverableError(`the stored callback ${index} cannot be read`) })
    }
    expect(lines).toHaveLength(40)
  })

  test('is listed where conflicts are counted, up to twenty of them', async () => {
    const { clock, lines, print } = start()
    const tasks = Array.from({ length: 25 }, (_, index) => `task-${index}`)
    for (const taskId of tasks) print({ type: 'conflict', callback: { ...callback, taskId }, first: undefined })
    await clock.advance(MINUTE)
    const text = lines.join('\n')
    for (const taskId of tasks.slice(0, 21)) expect(text).toContain(taskId)
    expect(text).toContain('and others')
  })
})

describe('a flood', () => {
  test('of 300 forged requests is one line at once, with time and address, and one line with the count', async () => {
    const { clock, lines, print } = start()
    for (let index = 0; index < 300; index++) print(forged(`203.0.113.${index % 3}`))
    expect(lines).toEqual([
      '2026-01-02T03:04:05.000Z luma-callback: answered 401 unverified to 203.0.113.0: the signature was made with another key, or for another task id or time',
    ])
    await clock.advance(MINUTE)
    expect(lines.slice(1)).toEqual([
      '2026-01-02T03:04:06.000Z luma-callback: 299 more like it in the last 1 s from 3 addresses, the latest at 2026-01-02T03:04:05.000Z luma-callback: answered 401 unverified to 203.0.113.2: the signature was made with another key, or for another task id or time',
    ])
    expect(clock.pending).toBe(0)
  })

  test('that goes on for ten minutes is told ever more rarely, down to once a minute, and each event is counted', async () => {
    const { clock, lines, print } = start()
    for (let second = 0; second < 600; second++) {
      for (let index = 0; index < 10; index++) print(forged())
      await clock.advance(1_000)
    }
    await clock.advance(MINUTE)
    expect(lines.length).toBeLessThanOrEqual(17)
    const counts = lines.map((line) => Number(/: (\d+) more like it/.exec(line)?.[1] ?? 1))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6_000)
  })

  test.each<[string, (index: number) => LumaEvent]>([
    ['refused requests', () => rejected('invalid_json')],
    ['conflicts', () => ({ type: 'conflict', callback, first: undefined })],
    ['a store that is away', away],
    ['hooks that fail', () => retrying(new Error('no disk'))],
    ['hooks whose errors all read differently', (index) => retrying(new Error(`no disk for ${index}`))],
    ['forged callbacks', () => ({ type: 'forged', callback, error: new ForgedError('no such task') })],
    ['forged callbacks that are dead', () => dead(new ForgedError('no such task'))],
    ['a store that comes and goes', () => ({ type: 'restored', store: 'inbox', duration: 5 })],
  ])('of %s is told once, then counted', async (_, event) => {
    const { clock, lines, print } = start()
    for (let index = 0; index < 300; index++) print(event(index))
    expect(lines).toHaveLength(1)
    await clock.advance(MINUTE)
    expect(lines).toHaveLength(2)
    expect(lines[1]).toContain(' 299 more like it ')
  })

  test('of lost tasks stays a line each: it may be all that is left of them', async () => {
    const { lines, print } = start()
    for (let index = 0; index < 300; index++) print(dead(new Error('no disk')))
    expect(lines).toHaveLength(300)
  })

  test('of one kind hides no other', () => {
    const { lines, print, flush } = start()
    for (let index = 0; index < 300; index++) print(forged())
    for (const event of [rejected('busy'), away(), retrying(new Error('no')), retrying(new TypeError('no'))])
      print(event)
    expect(lines).toHaveLength(5)
    flush()
    expect(lines).toHaveLength(6)
  })

  test('of bodies from more addresses than are remembered says so', async () => {
    const { clock, lines, print } = start()
    for (let index = 0; index < 5_000; index++) print(forged(`2001:db8::${index.toString(16)}`))
    await clock.advance(MINUTE)
    expect(lines[1]).toContain('4999 more like it in the last 1 s from more than 1000 addresses')
  })

  test('of more kinds than are told apart is counted together, and what was quiet for long is forgotten first', async () => {
    const { clock, lines, print } = start()
    const named = (name: string): LumaEvent => retrying(Object.assign(new Error('no'), { name }))
    for (let index = 0; index < 1_000; index++) print(named(`Error${index}`))
    expect(lines.length).toBeLessThanOrEqual(51)
    await clock.advance(2 * MINUTE)
    const before = lines.length
    for (let index = 0; index < 10; index++) print(named(`Later${index}`))
    expect(lines.length - before).toBe(10)
  })
})

describe('what repeats', () => {
  test('once within a second is printed as it is, with its own time', async () => {
    const { clock, lines, print } = start()
    print(forged())
    await clock.advance(400)
    print(retrying(new Error('no')))
    await clock.advance(100)
    print(forged('192.0.2.1'))
    await clock.advance(500)
    expect(lines[2]).toMatch(/^2026-01-02T03:04:05\.500Z luma-callback: answered 401 unverified to 192\.0\.2\.1: /)
  })

  test('after a quiet minute is printed at once, each time', async () => {
    const { clock, lines, print } = start()
    for (let time = 1; time <= 5; time++) {
      print(forged())
      expect(lines).toHaveLength(time)
      await clock.advance(MINUTE)
    }
  })
})

test('every line begins with a time and is one line, whatever an address or a message holds', () => {
  const texts = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.array(fc.tuple(texts, texts), { maxLength: 5 }), (given) => {
      const { lines, print, flush } = start()
      for (const [address, message] of given) {
        print({ type: 'rejected', status: 401, reason: 'unverified', message, address })
        print({ type: 'conflict', callback, first: message, address })
      }
      flush()
      for (const line of lines) {
        expect(line).toMatch(LINE)
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
        expect(line.length).toBeLessThan(1_500)
      }
    }),
  )
})

test('every event is printed or counted, whenever they come', async () => {
  const steps = fc.array(fc.record({ wait: fc.nat({ max: 90_000 }), kind: fc.nat({ max: 3 }) }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(steps, async (schedule) => {
      const { clock, lines, print, flush } = start()
      const kinds = [forged('::1'), rejected('closing'), retrying(new Error('no')), dead(new Error('no'))]
      for (const { wait, kind } of schedule) {
        print(kinds[kind] ?? away())
        if (wait > 45_000) await clock.advance(wait)
      }
      flush()
      const counts = lines.map((line) => Number(/: (\d+) more like it/.exec(line)?.[1] ?? 1))
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(schedule.length)
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 50 },
  )
})

describe('a receiver without an observer', () => {
  let printed: MockInstance<typeof console.error>
  beforeEach(() => {
    printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })
  const lines = (): string[] => printed.mock.calls.map((given) => given.join(' '))

  test('prints of 300 forged requests one line, and the count when it closes', async () => {
    const { handler, send } = startReceiver({ observe: undefined })
    for (let index = 0; index < 300; index++) {
      await send(successOf(), { headers: signedHeaders('another'), address: `10.0.0.${index % 7}` })
    }
    expect(lines()).toHaveLength(1)
    expect(lines()[0]).toMatch(LINE)
    expect(lines()[0]).toContain('answered 401 unverified to 10.0.0.0 for task ')
    await handler.close()
    expect(lines()).toHaveLength(2)
    expect(lines()[1]).toContain('299 more like it in the last 1 s from 7 addresses')
  })

  test('prints of an outage one line, the count, and that it is over', async () => {
    let isAway = true
    const store = memoryDedupe()
    const claim: typeof store.claim = (...given) =>
      isAway ? Promise.reject(new Error('refused')) : store.claim(...given)
    const { send, clock } = startReceiver({ observe: undefined, dedupe: { ...store, claim } })
    for (let index = 0; index < 100; index++) expect(await verdictOf(send(successOf()))).toBe('503 store_unavailable')
    expect(lines()).toHaveLength(1)
    await clock.advance(1_000)
    isAway = false
    await send(successOf())
    expect(lines()).toHaveLength(3)
    expect(lines()[1]).toContain(' 99 more like it ')
    expect(lines()[2]).toContain('the dedupe store works again, 1.0 s after it first failed')
  })

  test('an observer of the user’s own is told every one, with the address', async () => {
    const { send, eventsOf } = startReceiver()
    for (let index = 0; index < 300; index++) {
      await send(successOf(), { headers: signedHeaders('another'), address: `10.0.0.${index % 7}` })
    }
    expect(eventsOf('rejected')).toHaveLength(300)
    expect(eventsOf('rejected')[6]).toMatchObject({ status: 401, reason: 'unverified', address: '10.0.0.6' })
    expect(lines()).toEqual([])
  })
})

test('what is only counted keeps no process alive', async () => {
  const { output, ended } = startChild(`${ROOT}/test/core/flood-child.ts`)
  expect(await ended).toBe(0)
  expect(output().match(/luma-callback/g)).toHaveLength(1)
}, 60_000)
