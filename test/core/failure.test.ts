import { runInNewContext } from 'node:vm'
import { ForgedError, StoreUnavailableError, UnrecoverableError } from '@luma-callback/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../packages/core/src/inbox/failure.ts'
import { freePort } from '../helpers/ports.ts'

const get = (): never => {
  throw new Error('do not look at me')
}

function withCode(message: string, code: unknown, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code })
}

const textOf = (error: Error): string => failureOf(error).text
const codeOf = (error: Error): string | undefined => failureOf(error).code

describe('the text of a failure', () => {
  test('tells why a fetch failed', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const error = await fetch(url).catch((thrown: unknown) => thrown as Error)
    expect(error).toBeInstanceOf(Error)
    expect(failureOf(error as Error)).toEqual({
      text: `TypeError: fetch failed: connect ECONNREFUSED ${url.slice('http://'.length)}`,
      code: 'ECONNREFUSED',
    })
  })

  test('tells why a host with several addresses could not be reached', () => {
    const errors = ['::1', '127.0.0.1'].map((host) => withCode(`connect ECONNREFUSED ${host}:9`, 'ECONNREFUSED'))
    const cause = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' })
    expect(failureOf(new TypeError('fetch failed', { cause }))).toEqual({
      text: 'TypeError: fetch failed: connect ECONNREFUSED ::1:9; connect ECONNREFUSED 127.0.0.1:9',
      code: 'ECONNREFUSED',
    })
  })

  test.each<[what: string, error: Error, text: string]>([
    ['a chain', new Error('a', { cause: new Error('b', { cause: new Error('c') }) }), 'Error: a: b: c'],
    ['what the message says itself', new Error('a: b', { cause: new Error('b') }), 'Error: a: b'],
    ['what every link says', new Error('a', { cause: new Error('a', { cause: new Error('b') }) }), 'Error: a: b'],
    ['a cause without a message', new Error('a', { cause: withCode('', 'ECONNRESET') }), 'Error: a: ECONNRESET'],
    ['no message at all', new RangeError(), 'RangeError'],
    ['null as the cause', new Error('a', { cause: null }), 'Error: a'],
    ['a list that holds no errors', Object.assign(new Error('a'), { errors: ['b', { c: 1 }, null] }), 'Error: a'],
    ['a list that is none', Object.assign(new Error('a'), { errors: { b: 'c' } }), 'Error: a'],
    [
      'an AggregateError of its own',
      new AggregateError([new Error('b'), new Error('c')], 'a'),
      'AggregateError: a: b; c',
    ],
    ['a line break', new Error('a\nb', { cause: new Error('c\u001b[31m') }), 'Error: a\\u{a}b: c\\u{1b}[31m'],
  ])('tells %s', (_what, error, text) => {
    expect(textOf(error)).toBe(text)
  })

  test('of another realm tells its causes too', () => {
    const error = runInNewContext(
      `new Error('a', { cause: new AggregateError([new Error('b'), new Error('c')]) })`,
    ) as Error
    expect(textOf(error)).toBe('Error: a: b; c')
  })

  test('ends where causes stand in a circle', () => {
    const error = new Error('a')
    error.cause = new Error('b', { cause: error })
    expect(textOf(error)).toBe('Error: a: b')
    const own = new Error('a')
    own.cause = own
    expect(textOf(own)).toBe('Error: a')
  })

  test('tells a few of very many', () => {
    let deep = new Error('e0')
    for (let depth = 1; depth < 10_000; depth++) deep = new Error(`e${depth}`, { cause: deep })
    expect(textOf(deep).split(': ').length).toBeLessThan(12)
    const wide = new AggregateError(
      Array.from({ length: 10_000 }, (_, index) => new Error(`e${index}`)),
      'all failed',
    )
    expect(textOf(wide)).toBe('AggregateError: all failed: e0; e1; e2')
  })

  const { proxy: revoked, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()

  test.each<[what: string, error: Error]>([
    ['a cause that throws', Object.defineProperty(new Error('a'), 'cause', { get })],
    ['errors that throw', Object.defineProperty(new Error('a'), 'errors', { get })],
    ['a code that throws', Object.defineProperty(new Error('a'), 'code', { get })],
    ['a revoked proxy as the cause', new Error('a', { cause: revoked })],
    ['a revoked proxy as its errors', Object.assign(new Error('a'), { errors: revoked })],
    ['a revoked proxy among its errors', new AggregateError([revoked], 'a')],
    [
      'a cause with a cause that throws',
      new Error('a', { cause: Object.defineProperty(new Error('b'), 'cause', { get }) }),
    ],
    ['a symbol as the cause', new Error('a', { cause: Symbol('b') })],
  ])('is told where there is %s', (_what, error) => {
    expect(textOf(error)).toMatch(/^(?:Aggregate)?Error: a/)
  })

  test('is one well-formed line of bounded length, whatever stands in it', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.nat({ max: 5_000 }).map((length) => '😀\n'.repeat(length)),
    )
    fc.assert(
      fc.property(texts, texts, texts, (a, b, c) => {
        const text = textOf(new Error(a, { cause: new AggregateError([new Error(b), new Error(c)]) }))
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u)
        expect(text.length).toBeLessThanOrEqual(2_000)
      }),
    )
  })

  test('leaves room for the cause of an error with a long message', () => {
    expect(textOf(new Error('x'.repeat(5_000), { cause: new Error('the cause') }))).toContain('the cause')
  })
})

describe('the code of a failure', () => {
  test.each<[what: string, error: Error, code: string | undefined]>([
    ['ours', new UnrecoverableError('no'), 'ERR_LUMA_UNRECOVERABLE'],
    [
      'ours, and not that of its cause',
      new StoreUnavailableError('no', { cause: withCode('a', 'ECONNRESET') }),
      'ERR_LUMA_STORE_UNAVAILABLE',
    ],
    ['that of Node', withCode('no', 'ENOENT'), 'ENOENT'],
    ['that of Postgres', withCode('no', '23505'), '23505'],
    ['that of the cause, if it has none', new Error('a', { cause: withCode('b', 'ECONNRESET') }), 'ECONNRESET'],
    ['that of a deeper cause', new Error('a', { cause: new Error('b', { cause: withCode('c', 'EPIPE') }) }), 'EPIPE'],
    ['none where there is none', new Error('a'), undefined],
    ['none for a number', withCode('a', 14), undefined],
    ['none for an empty text', withCode('a', ''), undefined],
    ['none for a long text', withCode('a', 'x'.repeat(65)), undefined],
    ['none for a text with blanks', withCode('a', 'the disk is full'), undefined],
    ['none for a text with a control character', withCode('a', 'A\u001b'), undefined],
    // By its code, a verdict of `trust` is told: neither what only looks like one, nor a cause, is one.
    ['none for one that only looks like ours', withCode('a', 'ERR_LUMA_FORGED'), undefined],
    ['none for one of ours that is only the cause', new Error('a', { cause: new ForgedError('b') }), undefined],
  ])('is %s', (_what, error, code) => {
    expect(codeOf(error)).toBe(code)
  })
})
