import { runInNewContext } from 'node:vm'
import { toError } from '@luma-callback/core/internal'
import { describe, expect, test } from 'vitest'
import { startReceiver, verdict } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

/** What the code gives in another realm, as the values of a test have one in Jest: their classes are not this realm's. */
function elsewhere(code: string): unknown {
  return runInNewContext(code, { setTimeout })
}

const LIKE_AN_ERROR = `
  new (class DOMException {
    get name() { return 'AbortError' }
    get message() { return 'it was given up' }
    get stack() { return 'AbortError: it was given up' }
  })`

/** What can be thrown in another realm, with the name and message that have to be told. */
const THROWN: [what: string, code: string, name: string, message: string][] = [
  ['an Error', `new Error('no stock')`, 'Error', 'no stock'],
  ['a TypeError', `new TypeError('no stock')`, 'TypeError', 'no stock'],
  ['an error that the engine throws', `try { null.x } catch (error) { error }`, 'TypeError', 'null'],
  ['an AggregateError', `new AggregateError([new Error('a')], 'both failed')`, 'AggregateError', 'both failed'],
  [
    'an error of its own class',
    `new (class StockError extends Error { name = 'StockError' })('none')`,
    'StockError',
    'none',
  ],
  [
    'an error without a prototype',
    `Object.setPrototypeOf(Object.assign(new Error('x'), { name: 'Bare' }), null)`,
    'Bare',
    'x',
  ],
  ['an error that is frozen', `Object.freeze(new Error('cold'))`, 'Error', 'cold'],
  ['a DOMException', LIKE_AN_ERROR, 'AbortError', 'it was given up'],
  [
    'an old style error',
    `function E() { this.message = 'old'; this.stack = 'at' }; E.prototype = Object.create(Error.prototype); new E()`,
    'Error',
    'old',
  ],
]

describe.each(THROWN)('%s of another realm', (_what, code, name, message) => {
  test('is told with its name and message, as the error that was thrown', () => {
    const thrown = elsewhere(code)
    const error = toError(thrown)
    expect(error).toBe(thrown)
    expect({ name: error.name, message: error.message }).toEqual({ name, message: expect.stringContaining(message) })
  })

  test('from a hook is told by its message', async () => {
    const { send, eventsOf } = startReceiver({ onSuccess: () => Promise.reject(elsewhere(code)) })
    expect(verdict(await send(successOf()))).toBe('500 hook_failed')
    expect(eventsOf('retrying')[0]?.error.message).toContain(message)
  })
})

test.each([
  ['an object', `({ message: 'no stock', status: 409 })`, '"no stock","status":409'],
  ['an object that inherits its message', `new (class { get message() { return 'no stock' } })`, 'thrown: no stock'],
  ['a proxy of an error, which hides the stack', `new Proxy(new Error('no stock'), {})`, 'thrown: no stock'],
  ['a list', `['no', 'stock']`, '["no","stock"]'],
  ['a function', `(function noStock() {})`, 'noStock'],
])('%s of another realm that is no error is told by its content', (_what, code, text) => {
  const thrown = elsewhere(code)
  const error = toError(thrown)
  expect(error).toBeInstanceOf(Error)
  expect(error.message).toContain(text)
  expect(error.cause).toBe(thrown)
})

test.each([
  ['a message that throws', `Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('no') } })`],
  ['a name that throws', `Object.defineProperty(new Error('x'), 'name', { get() { throw new Error('no') } })`],
  ['a message that is no text', `Object.assign(new Error('x'), { message: 7 })`],
  ['a proxy that throws', `new Proxy(new Error('x'), { get() { throw new Error('no') } })`],
  ['a proxy that was revoked', `const { proxy, revoke } = Proxy.revocable(new Error('x'), {}); revoke(); proxy`],
])('an error of another realm with %s can be read afterwards', (_what, code) => {
  expect(toError(elsewhere(code)).message).toContain('cannot be read')
})

test.each([
  ['a Uint8Array', (text: string) => elsewhere(`Uint8Array.from([${[...Buffer.from(text)].join()}])`)],
  ['an object', (text: string) => elsewhere(`(${text})`)],
  ['a text', (text: string) => elsewhere(JSON.stringify(text))],
])('a body of another realm that a parser left as %s is taken', async (_what, bodyOf) => {
  const { send } = startReceiver()
  const sample = successOf()
  expect(verdict(await send(sample, { rawBody: bodyOf(sample.body) }))).toBe('200 received')
})
