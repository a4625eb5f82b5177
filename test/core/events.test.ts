import {
  describeEvent,
  memoryDedupe,
  parseCallback,
  StoreUnavailableError,
  UnrecoverableError,
  type LumaCallback,
  type LumaEvent,
} from '@luma-callback/core'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { heldHook, startReceiver, verdictOf } from '../helpers/receiver.ts'
import { failureOf, fixtures, SECRET, signedHeaders, successOf, TASK_ID } from '../helpers/signed.ts'

const callback = parseCallback({ raw: fixtures.success, query: {}, receivedAt: new Date(0) })

/** One event of every type, about this task, with this text wherever a stranger or a hook could put one. */
function everyEvent(text: string, about: LumaCallback = callback): LumaEvent[] {
  const error = new StoreUnavailableError(text, { cause: new Error(text) })
  return [
    { type: 'received', callback: about },
    { type: 'rejected', status: 401, reason: 'unverified', message: text, detail: text, taskId: text },
    { type: 'rejected', status: 400, reason: 'invalid_json', message: text },
    { type: 'duplicate', callback: about },
    { type: 'conflict', callback: about, first: text },
    { type: 'delivered', callback: about, attempt: 2, duration: 1234.5 },
    { type: 'retrying', callback: about, attempt: 2, error, by: 'inbox', delay: 750 },
    { type: 'retrying', callback: about, attempt: 1, error, by: 'provider' },
    { type: 'dead', callback: about, attempt: 5, error },
    { type: 'recovered', callback: about, attempt: 3 },
    { type: 'rejected', status: 401, reason: 'unverified', message: text, address: text },
    { type: 'rejected', status: 500, reason: 'error', message: text },
    { type: 'conflict', callback: about, first: text, address: text },
    { type: 'restored', store: 'inbox', duration: 1234.5 },
    { type: 'error', error, taskId: text },
    { type: 'error', error },
  ]
}

describe('describeEvent', () => {
  test('says of every event what happened and to which task', () => {
    for (const event of everyEvent('a text')) {
      const text = describeEvent(event)
      expect(text).toMatch(/^luma-callback: /)
      if ('callback' in event) expect(text).toContain(TASK_ID)
      if (event.type === 'error' || event.type === 'rejected') expect(text).toContain('a text')
    }
  })

  test('keeps the code and the cause of an error', () => {
    const error = new StoreUnavailableError('it failed', { cause: new Error('refused') })
    expect(describeEvent({ type: 'error', error })).toBe(
      'luma-callback: StoreUnavailableError [ERR_LUMA_STORE_UNAVAILABLE]: it failed (cause: refused)',
    )
  })

  test.each([
    ['a line break', 'a\nluma-callback: forged'],
    ['a carriage return', 'a\rforged'],
    ['an escape sequence', '\u001b[31mred\u001b[0m'],
    ['a NUL', '\u0000'],
    ['a backspace', 'abc\b\b\b'],
    ['a C1 control sequence', '\u009b31m'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['a change of writing direction', '\u202egnp.exe'],
  ])('writes out %s, so that no line is forged and no terminal coloured', (_, text) => {
    for (const event of everyEvent(text)) expect(describeEvent(event)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
  })

  test('puts every event of ours on one line of bounded length, whatever stands in it', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.nat({ max: 5_000 }).map((length) => '\n'.repeat(length)),
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const event of everyEvent(text)) {
          const line = describeEvent(event)
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
          expect(line.length).toBeLessThan(10_000)
        }
      }),
    )
  })

  test('cuts a text of a megabyte short and says how long it was', () => {
    const text = describeEvent({ type: 'error', error: new UnrecoverableError('x'.repeat(2 ** 20)) })
    expect(text.length).toBeLessThan(1_000)
    expect(text).toContain('(1048576 characters)')
  })

  test('shows where a hook’s own error was thrown', () => {
    const [first, ...frames] = describeEvent({ type: 'dead', callback, attempt: 1, error: new Error('no') }).split('\n')
    expect(first).toContain('Error: no')
    expect(frames.length).toBeGreaterThan(0)
    for (const frame of frames) expect(frame).toMatch(/^ {4}at /)
    expect(frames[0]).toContain('events.test.ts')
  })

  test('takes no line of a message for a place in the code', () => {
    const forged = new Error(`no order\n    at pay (/app/billing.js:1:1)\n    at \u001b[31mred`)
    const text = describeEvent({ type: 'dead', callback, attempt: 1, error: forged })
    expect(text.split('\n').slice(1).join('\n')).not.toContain('billing.js')
    expect(text).not.toContain('\u001b')
  })

  test('bounds the lines of an error, however many its message has', () => {
    const error = new Error('\n    at x'.repeat(10_000))
    expect(describeEvent({ type: 'dead', callback, attempt: 1, error }).split('\n').length).toBeLessThan(100)
  })
})

describe('without an observer', () => {
  let printed: MockInstance<typeof console.error>

  beforeEach(() => {
    printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  function lines(): string[] {
    return printed.mock.calls.map((given) => given.join(' '))
  }

  /** A receiver whose events nobody asked for. */
  function start(options: Parameters<typeof startReceiver>[0] = {}) {
    return startReceiver({ ...options, observe: undefined })
  }

  test('what goes well is silent: received, delivered, duplicate', async () => {
    const others = ['log', 'info', 'warn', 'debug'] as const
    const spies = others.map((name) => vi.spyOn(console, name))
    const { send } = start()
    const sample = successOf()
    await send(sample)
    await send(sample)
    expect(lines()).toEqual([])
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
  })

  test.each([
    [
      'a refused request',
      async () => {
        await start().send(successOf(), { headers: signedHeaders('another task') })
      },
      /answered 401 unverified/,
    ],
    [
      'a conflict',
      async () => {
        const { send } = start()
        const { taskId, body } = successOf()
        await send({ taskId, body })
        await send({ taskId, body: body.replace('generated', 'forged') })
      },
      /another content/,
    ],
    [
      'a failed hook',
      async () => {
        await start({ onSuccess: () => Promise.reject(new Error('no disk')) }).send(successOf())
      },
      /failed \(attempt 1\).*no disk/,
    ],
    [
      'a dead callback',
      async () => {
        const { hook, fail } = heldHook()
        const { send, clock } = start({ onSuccess: hook })
        const answer = send(successOf())
        await clock.advance(10_000)
        await answer
        fail(new UnrecoverableError('no order'))
        await settlePromises()
      },
      /failed for good.*no order/,
    ],
    [
      'a missing hook',
      async () => {
        await start().send(failureOf())
      },
      /ERR_LUMA_NO_HOOK/,
    ],
    [
      'a failing store',
      async () => {
        const claim = () => Promise.reject(new Error('refused'))
        await start({ dedupe: { ...memoryDedupe(), claim } }).send(successOf())
      },
      /ERR_LUMA_STORE_UNAVAILABLE.*refused/,
    ],
  ])('%s prints one line', async (_, cause, expected) => {
    await cause()
    expect(lines()).toHaveLength(1)
    const [first, ...frames] = lines()[0]?.split('\n') ?? []
    expect(first).toMatch(expected)
    for (const frame of frames) expect(frame).toMatch(/^ {4}at /)
  })

  test('nothing printed holds a secret, a signature or the query of the URL', async () => {
    const sample = successOf()
    const headers = signedHeaders(sample.taskId, { secret: 'old-secret' })
    for (const secret of [SECRET, ['other-secret', SECRET], () => SECRET, () => [` ${SECRET}`], async () => '']) {
      const { handler, send } = start({ secret, onSuccess: () => Promise.reject(new Error('no')) })
      expect(await verdictOf(send(sample, { headers, url: '/?token=hunter2' }))).toBe('401 unverified')
      await send(sample, { url: '/?token=hunter2' })
      await handler.close()
    }
    const text = lines().join('\n')
    expect(text).toContain(sample.taskId)
    for (const hidden of [SECRET, 'other-secret', 'old-secret', 'hunter2', String(headers['x-webhook-signature'])]) {
      expect(text).not.toContain(hidden)
    }
  })
})
