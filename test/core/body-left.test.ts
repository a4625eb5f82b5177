// What parsers, hosts and shims before the receiver left of a body.
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { startReceiver, verdictOf, type Sample } from '../helpers/receiver.ts'
import { signedHeaders, successOf } from '../helpers/signed.ts'

type Request = Record<string, unknown>

/** The verdict on a sample whose body stands only where the request says. */
function judge(sample: Sample, request: Request): Promise<string> {
  return verdictOf(startReceiver().send(sample, { rawBody: undefined, ...request }))
}

/** A stream that somebody has read to its end. */
async function consumed(text: string): Promise<Readable> {
  const stream = Readable.from([Buffer.from(text)], { objectMode: false })
  for await (const _ of stream);
  return stream
}

const sample = successOf()
const bytes = Buffer.from(sample.body)
const parsed = JSON.parse(sample.body) as object

describe('a body is taken', () => {
  test.each<[string, unknown]>([
    ['text', sample.body],
    ['a Buffer', bytes],
    ['a Uint8Array', new Uint8Array(bytes)],
    ['a part of a larger Uint8Array', new Uint8Array([0, ...bytes, 0]).subarray(1, -1)],
    ['an ArrayBuffer', new Uint8Array(bytes).buffer],
    ['a DataView', new DataView(new Uint8Array(bytes).buffer)],
    ['base64, as hosts of functions give it', bytes.toString('base64')],
    ['base64 of a body with a byte order mark', Buffer.from(`\uFEFF${sample.body}`).toString('base64')],
    ['parsed', parsed],
    ['parsed, without a prototype', Object.assign(Object.create(null), parsed)],
  ])('as %s, as body or rawBody, of the request or of its stream', async (_what, value) => {
    for (const name of ['body', 'rawBody']) {
      expect(await judge(sample, { [name]: value }), name).toBe('200 received')
      const stream = Object.assign(await consumed(sample.body), { [name]: value })
      expect(await judge(sample, { stream }), `${name} of the stream`).toBe('200 received')
    }
  })

  test.each<[string, Request]>([
    ['{} that a parser left for another content type', { rawBody: bytes, body: {} }],
    ['{} in place of the raw bytes', { rawBody: {}, body: parsed }],
    ['an empty Buffer', { rawBody: Buffer.alloc(0), body: parsed }],
    ['an empty text', { rawBody: '', body: parsed }],
    ['a flag', { rawBody: true, body: parsed }],
    ['null', { rawBody: null, body: parsed }],
    ['a function', { rawBody: () => sample.body, body: parsed }],
    ['a promise', { rawBody: Promise.resolve(sample.body), body: parsed }],
    ['{} on the request, where its stream has more', { body: {}, stream: { body: parsed } }],
  ])('although there is %s', async (_what, request) => {
    expect(await judge(sample, request)).toBe('200 received')
  })

  test('although a getter beside it throws, as those do that parse on demand', async () => {
    const request = {
      get body(): never {
        throw new SyntaxError('invalid JSON')
      },
    }
    expect(await judge(sample, { rawBody: bytes, stream: request })).toBe('200 received')
    expect(await judge(sample, { stream: request })).toBe('400 invalid_json')
  })
})

describe('what is no body is refused', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()

  test.each<[string, unknown, string]>([
    ['nothing', undefined, '400 invalid_json'],
    ['null', null, '400 invalid_json'],
    ['an empty text', '', '400 invalid_json'],
    ['an empty Buffer', Buffer.alloc(0), '400 invalid_json'],
    ['an empty object', {}, '400 invalid_callback'],
    ['a list', [], '400 invalid_callback'],
    ['a number', 5, '400 invalid_callback'],
    ['a function', () => {}, '400 invalid_json'],
    ['a symbol', Symbol('body'), '400 invalid_json'],
    ['a big number', 5n, '400 invalid_json'],
    ['a cycle', cyclic, '400 invalid_json'],
    ['a promise', Promise.resolve(parsed), '400 invalid_callback'],
    ['a revoked proxy', revoked.proxy, '400 invalid_json'],
    ['one that throws as it is written', { toJSON: () => expect.fail() }, '400 invalid_json'],
    ['base64 of something else', Buffer.from('not a callback!!').toString('base64'), '400 invalid_json'],
  ])('%s', async (_what, value, verdict) => {
    expect(await judge(sample, { body: value })).toBe(verdict)
  })

  test('however it was left, beyond the limit', async () => {
    const large = `{"code":200,"msg":"${'x'.repeat(300_000)}"}`
    const values = [large, Buffer.from(large), JSON.parse(large), Buffer.from(large).toString('base64')]
    for (const body of values) expect(await judge(sample, { body })).toBe('413 body_too_large')
  })
})

describe('a body beside a stream that nobody has read', () => {
  const headers = { ...signedHeaders(sample.taskId), 'content-length': String(bytes.length) }
  const other = { requestId: 'set by a middleware' }
  const idle = () => new Readable({ read() {} })

  test('is not looked at where the stream brings one', async () => {
    expect(await judge(sample, { stream: Readable.from([bytes]), headers, body: other })).toBe('200 received')
    const chunked = { ...signedHeaders(sample.taskId), 'transfer-encoding': 'chunked' }
    expect(await judge(sample, { stream: Readable.from([bytes]), headers: chunked, body: other })).toBe('200 received')
    const filled = idle()
    filled.push(bytes)
    filled.push(null)
    expect(await judge(sample, { stream: filled, body: other })).toBe('200 received')
  })

  test('is taken where the headers announce none', async () => {
    expect(await judge(sample, { stream: idle(), body: parsed })).toBe('200 received')
    const none = { ...signedHeaders(sample.taskId), 'content-length': '0' }
    expect(await judge(sample, { stream: idle(), body: parsed, headers: none })).toBe('200 received')
  })

  test('is taken where the stream ends without a byte', async () => {
    expect(await judge(sample, { stream: Readable.from([]), headers, body: parsed })).toBe('200 received')
  })

  test('is taken where a parser marked the request as parsed', async () => {
    const stream = Object.assign(idle(), { _body: true, body: parsed })
    expect(await judge(sample, { stream, headers })).toBe('200 received')
  })

  test('is taken where no connection feeds the stream', async () => {
    const stream = Object.assign(new IncomingMessage(new Socket()), { body: parsed })
    expect(await judge(sample, { stream, headers })).toBe('200 received')
  })

  test('is taken where the stream was destroyed', async () => {
    expect(await judge(sample, { stream: idle().destroy(), headers, body: parsed })).toBe('200 received')
  })
})
