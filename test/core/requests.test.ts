// Requests that no server made: plain objects of users' tests, and what other runtimes call a request.
import { describe, expect, test } from 'vitest'
import type { LumaRequest } from '@luma-callback/core'
import { startReceiver, verdictOf } from '../helpers/receiver.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

const sample = successOf()

function judge(request: unknown, options: Parameters<typeof startReceiver>[0] = {}): Promise<string> {
  return verdictOf(startReceiver(options).handler.handle(request as LumaRequest))
}

function headersWith(change: (entry: [string, string]) => [string, unknown]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(signedHeaders(sample.taskId)).map(change))
}

describe('a plain object is a request', () => {
  test.each<[string, unknown]>([
    ['as Node gives them', signedHeaders(sample.taskId)],
    ['in upper case', headersWith(([name, value]) => [name.toUpperCase(), value])],
    ['as they are written', headersWith(([name, value]) => [name.replace('x-webhook-t', 'X-Webhook-T'), value])],
    ['as lists of one', headersWith(([name, value]) => [name, [value]])],
    ['as numbers', headersWith(([name, value]) => [name, name.includes('timestamp') ? Number(value) : value])],
    ['as a Headers', new Headers(signedHeaders(sample.taskId))],
    ['as a Map', new Map(Object.entries(signedHeaders(sample.taskId)))],
    ['beside empty ones', { ...signedHeaders(sample.taskId), 'content-encoding': undefined, 'Content-Length': null }],
    ['beside cookies', { ...signedHeaders(sample.taskId), 'set-cookie': ['a=1'] }],
  ])('with headers %s', async (_what, headers) => {
    const request = { method: 'POST', url: '/luma', headers, body: JSON.parse(sample.body) }
    expect(await judge(request)).toBe('200 received')
    expect(await judge(Object.freeze(request))).toBe('200 received')
  })

  test('whose method is in lower case, and which has no URL', async () => {
    const request = { method: 'post', headers: signedHeaders(sample.taskId), body: sample.body }
    expect(await judge(request)).toBe('200 received')
  })

  test('of headers and a body alone', async () => {
    expect(await judge({ headers: signedHeaders(sample.taskId), body: sample.body })).toBe('200 received')
  })

  test('whose URL is a URL', async () => {
    const queries: object[] = []
    const url = new URL('https://shop.example/luma?order=7')
    const request = { method: 'POST', url, headers: signedHeaders(sample.taskId), body: sample.body }
    await judge(request, { onSuccess: ({ query }) => queries.push(query) })
    expect(queries).toEqual([{ order: '7' }])
  })

  test('and the functions of the user see it put right', async () => {
    const seen: unknown[] = []
    const request = {
      method: 'POST',
      url: '/',
      headers: { ...headersWith(([name, value]) => [name.toUpperCase(), value]), 'X-Tenant': ['ann'] },
      params: { tenant: 'ann' },
      body: sample.body,
    }
    const secret = ({ headers, params, body }: LumaRequest) => {
      seen.push(headers['x-tenant'], params, body)
      return SECRET
    }
    expect(await judge(request, { secret })).toBe('200 received')
    expect(seen).toEqual(['ann', { tenant: 'ann' }, sample.body])
  })
})

describe('a plain object is refused', () => {
  const good = signedHeaders(sample.taskId)
  const body = sample.body

  test.each<[string, unknown, string]>([
    ['without headers', { method: 'POST', url: '/', body }, '415 unsupported_media_type'],
    ['with headers that are text', { method: 'POST', headers: 'x', body }, '415 unsupported_media_type'],
    ['with a method that is no text', { method: 5, headers: good, body }, '405 method_not_allowed'],
    ['without a body', { method: 'POST', headers: good }, '400 invalid_json'],
    ['that is empty', {}, '415 unsupported_media_type'],
    [
      'with a signature header twice, in two spellings',
      { method: 'POST', headers: { ...good, 'X-Webhook-Signature': good['x-webhook-signature'] }, body },
      '401 unverified',
    ],
    [
      'with a header twice in a list',
      { method: 'POST', headers: { ...good, 'x-webhook-timestamp': [1, 2] }, body },
      '401 unverified',
    ],
    [
      'with a prototype in place of headers',
      { method: 'POST', headers: JSON.parse('{"__proto__":{"content-type":"application/json"}}'), body },
      '415 unsupported_media_type',
    ],
  ])('%s', async (_what, request, expected) => {
    expect(await judge(request)).toBe(expected)
  })

  test.each([undefined, null, 'POST', 5])('with a TypeError if it is none: %s', async (request) => {
    const { handler } = startReceiver()
    await expect(handler.handle(request as never)).rejects.toThrow('handle() needs a request')
  })
})
