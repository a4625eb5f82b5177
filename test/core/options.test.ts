import { createHandler, memoryDedupe, type Inbox, type LumaOptions } from '@luma-callback/core'
import { toOptions } from '@luma-callback/core/adapter'
import type { InboxOptions } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { startReceiver, verdictOf } from '../helpers/receiver.ts'
import { SECRET, successOf } from '../helpers/signed.ts'

const onSuccess = () => {}
const DAY = 24 * 60 * 60 * 1000

/** What making a handler with these options throws. */
function complaint(options: unknown): string {
  try {
    createHandler(options as LumaOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
  return 'nothing was thrown'
}

/** An inbox that takes everything and does nothing, and keeps what it was started with. */
function idleInbox(): Inbox & { started: InboxOptions[] } {
  const started: InboxOptions[] = []
  return {
    started,
    record: async () => 'recorded',
    start: async (_, options) => void started.push(options),
    close: async () => {},
  }
}

const noNumbers = [Number.NaN, Infinity, -Infinity, -1, 1.5, '10', '', null, {}, [5], true, 5n, 2 ** 53]
const notPositive = [...noNumbers, 0]
const noFunctions = ['x', 5, null, {}, [], true]
const noObjects = ['x', 5, null, {}, [], true, () => {}]

const wrong: Record<string, readonly unknown[]> = {
  onSuccess: [...noFunctions, undefined],
  onFailure: noFunctions,
  path: ['', 'luma', 'https://a.example/luma', 5, null, /luma/, ['/luma']],
  inbox: [...noObjects, { record: onSuccess, start: onSuccess }, { record: 1, start: 1, close: 1 }],
  dedupe: [...noObjects, { claim: onSuccess, renew: onSuccess, complete: onSuccess }, new Map()],
  secret: ['', ' ', ' x', 'x ', 'x\n', [], [''], ['x', ' y'], ['x', 5], ['x', undefined], 5, null, {}, undefined],
  tolerance: [...notPositive, '300', 86_401],
  verify: noFunctions,
  ackTimeout: [...notPositive, 14_001, 2 ** 31, '10s'],
  hookTimeout: [...notPositive, 2 ** 31],
  retry: [5, null, 'often', [], true],
  concurrency: notPositive,
  bodyLimit: [
    ...notPositive.filter((value) => typeof value !== 'string'),
    '5 megabytes',
    '1mb ',
    ' 1mb',
    '1 mb',
    '-1kb',
    '1.5mb',
    '0kb',
    '1gb',
    'kb',
    '',
    '256',
    '1e3',
    '99999999999999mb',
  ],
  bodyTimeout: [...notPositive, 2 ** 31],
  retention: [...notPositive, 599_999, '14d'],
  key: noFunctions,
  observe: noFunctions,
}
describe('a wrong option is a TypeError that names it', () => {
  const table = Object.entries(wrong).flatMap(([name, values]) => values.map((value) => ({ name, value })))

  test.each(table)('$name: $value', ({ name, value }) => {
    expect(complaint({ onSuccess, secret: SECRET, [name]: value })).toContain(`option "${name}"`)
  })

  test.each([
    ['attempts', [...notPositive]],
    ['minDelay', [...noNumbers, 2 ** 31, 300_001]],
    ['maxDelay', [...noNumbers, 2 ** 31]],
  ])('retry.%s', (name, values) => {
    for (const value of values) {
      expect(complaint({ onSuccess, secret: SECRET, retry: { [name]: value } })).toContain(`option "retry.${name}"`)
    }
  })

  test('when a pause is to be longer at least than at most', () => {
    expect(complaint({ onSuccess, retry: { minDelay: 11, maxDelay: 10 } })).toContain('option "retry.minDelay"')
  })

  test('when what is kept is shorter than a replay is tolerated', () => {
    expect(complaint({ onSuccess, tolerance: 3_600, retention: 7_199_999 })).toContain('option "retention"')
    expect(complaint({ onSuccess, tolerance: 3_600, retention: 7_200_000 })).toBe('nothing was thrown')
  })

  test('when an inbox and a dedupe store are both given', () => {
    expect(complaint({ onSuccess, inbox: idleInbox(), dedupe: memoryDedupe() })).toContain('option "dedupe"')
  })

  test('when there are more secrets than the work for a stranger allows', () => {
    const secrets = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
    expect(complaint({ onSuccess, secret: secrets })).toContain('option "secret"')
  })

  test('when one of several secrets is not set', () => {
    expect(complaint({ onSuccess, secret: ['key-1', undefined] })).toContain(
      'option "secret" holds undefined; is an environment variable not set?',
    )
  })

  test.each(['onsuccess', 'OnSuccess', 'timeout', 'secrets', 'logger', 'toString', 'constructor'])(
    'when it is unknown: %s',
    (name) => {
      const message = complaint({ onSuccess, [name]: onSuccess })
      expect(message).toContain(`unknown option "${name}"`)
      expect(message).toContain('bodyLimit')
    },
  )

  test('when one of retry is unknown', () => {
    expect(complaint({ onSuccess, retry: { tries: 5 } })).toContain(
      'unknown option "retry.tries", did you mean "attempts"? Known are attempts, minDelay, maxDelay',
    )
    expect(complaint({ onSucces: onSuccess })).toContain('unknown option "onSucces", did you mean "onSuccess"? Known')
  })

  test.each([undefined, null, 5, 'x', true])('when there are no options at all: %s', (options) => {
    expect(complaint(options)).toContain('lumaCallback')
  })
})

test('a secret is never shown, whatever is wrong with it or beside it', () => {
  const secrets = [' hunter2', 'hunter2\n', ['hunter2', ''], ['', 'hunter2'], { key: 'hunter2' }, [['hunter2']]]
  for (const secret of secrets) expect(complaint({ onSuccess, secret })).not.toContain('hunter2')
  const beside = [{ path: 5 }, { unknown: 'hunter2' }, { onSuccess: 'hunter2' }, { retry: { attempts: 'hunter2' } }]
  for (const other of beside) expect(complaint({ onSuccess, secret: 'hunter2', ...other })).not.toContain('hunter2')
})

describe('the two forms', () => {
  const options = { concurrency: 3, path: '/luma' }

  test('are the same thing', () => {
    expect(toOptions(onSuccess)).toEqual({ onSuccess })
    expect(toOptions(onSuccess, options)).toEqual({ onSuccess, ...options })
    expect(toOptions({ onSuccess, ...options })).toEqual({ onSuccess, ...options })
    expect(createHandler(toOptions(onSuccess, options)).path).toBe('/luma')
  })

  test('are not mixed: two hooks, or two sets of options, are a TypeError', () => {
    expect(() => toOptions(onSuccess, { onSuccess } as never)).toThrow(/option "onSuccess" was given twice/)
    expect(() => toOptions({ onSuccess }, {})).toThrow(TypeError)
  })

  test('are not a request: that lumaCallback has to be called is said', () => {
    const [request, context, next] = [{ headers: {}, method: 'POST' }, { req: {}, res: {} }, () => {}]
    for (const first of [request, context]) {
      expect(() => toOptions(first as never, next as never)).toThrow('app.use(lumaCallback(onSuccess))')
    }
  })

  test('leave what the caller gave as it was', () => {
    const given = Object.freeze({ ...options, retry: Object.freeze({ attempts: 2 }), secret: Object.freeze([SECRET]) })
    const copy = structuredClone(given)
    createHandler(toOptions(onSuccess, given))
    createHandler(Object.freeze({ onSuccess, ...given }))
    expect(given).toEqual(copy)
  })
})

describe('an option that is left out or undefined', () => {
  const optional = Object.keys(wrong).filter((name) => name !== 'onSuccess' && name !== 'secret')
  const undefinedOnes = Object.fromEntries(optional.map((name) => [name, undefined]))

  test.each([
    ['left out', {}],
    ['undefined', undefinedOnes],
    ['undefined below retry', { retry: { attempts: undefined, minDelay: undefined, maxDelay: undefined } }],
  ])('has its default: %s', async (_, options) => {
    const inbox = idleInbox()
    const { send, handler } = startReceiver({ ...options, observe: () => {}, inbox })
    expect(await verdictOf(send(successOf()))).toBe('200 received')
    expect(handler.path).toBe('/luma-modify-callback')
    expect(inbox.started).toMatchObject([
      { concurrency: 10, retention: 14 * DAY, retry: { attempts: 5, minDelay: 1_000, maxDelay: 300_000 } },
    ])
  })

  test.each([
    [undefined, 262_144],
    [1_024, 1_024],
    ['1kb', 1_024],
    ['1KB', 1_024],
    ['700b', 700],
    ['1mb', 1_048_576],
  ])('bodyLimit %s takes %d bytes and not one more', async (bodyLimit, bytes) => {
    const { send } = startReceiver({ bodyLimit })
    const { taskId } = successOf()
    const body = (length: number) => {
      const text = JSON.stringify({ code: 200, data: { taskId, resultUrls: ['https://a.example'] } })
      return text.padEnd(length)
    }
    expect(await verdictOf(send({ taskId, body: body(bytes) }))).toBe('200 received')
    expect(await verdictOf(send({ taskId, body: body(bytes + 1) }))).toBe('413 body_too_large')
  })
})

test('what an inbox is started with is what was asked for', async () => {
  const inbox = idleInbox()
  const clock = fakeClock()
  const retry = { attempts: 2, minDelay: 0, maxDelay: 0 }
  const { handler } = startReceiver({ inbox, retry, concurrency: 1, retention: DAY }, clock)
  await handler.start()
  expect(inbox.started).toMatchObject([{ retry, concurrency: 1, retention: DAY, clock }])
})

test('options that are inherited count: a secret in a class switches verification on', () => {
  class Config {
    get secret() {
      return 'whk_test_key_1'
    }
  }
  const inherited: object = Object.create({ secret: 'whk_test_key_1' })
  for (const options of [new Config(), inherited]) {
    expect(createHandler(toOptions(() => {}, options)).isSigned).toBe(true)
  }
  expect(() => createHandler(toOptions(() => {}, { secrett: 'x' } as never))).toThrow(/unknown option "secrett"/)
})
