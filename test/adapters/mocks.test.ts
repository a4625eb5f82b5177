// Requests and responses of users' tests: node-mocks-http, light-my-request, plain objects.
import { createRequire } from 'node:module'
import { EventEmitter, once } from 'node:events'
import { lumaCallback as expressCallback, type LumaMiddleware, type LumaOptions } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import express5 from 'express'
import Koa3 from 'koa'
import { inject, type DispatchFunc } from 'light-my-request'
import { createMocks, createRequest, createResponse, type RequestOptions } from 'node-mocks-http'
import { describe, expect, test, vi } from 'vitest'
import { FORMS } from '../helpers/frameworks.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

const require = createRequire(import.meta.url)
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

const url = FORMS.bare
const base = { secret: SECRET, observe: () => {} }

function receiver(options: Partial<LumaOptions> = {}): { luma: LumaMiddleware; tasks: string[] } {
  const tasks: string[] = []
  return { luma: expressCallback({ ...base, onSuccess: ({ taskId }) => tasks.push(taskId), ...options }), tasks }
}

/** Calls the middleware with mocks, and waits for what it does with the response, or with `next`. */
function call(luma: LumaMiddleware, request: object, response: object): Promise<unknown> {
  return new Promise((resolve) => {
    const watched = new Proxy(response, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown
        if (!['end', 'send', 'json'].includes(String(name)) || typeof value !== 'function') return value
        return (...given: unknown[]) => {
          resolve('answered')
          return Reflect.apply(value, target, given) as unknown
        }
      },
    })
    luma(request as never, watched as never, (error) => resolve(error ?? 'passed on'))
  })
}

function failTest(error?: unknown): void {
  expect.fail(`passed on: ${String(error)}`)
}

describe('node-mocks-http', () => {
  const { taskId, body } = successOf()
  const headers = signedHeaders(taskId)
  const parsed = JSON.parse(body) as Record<string, unknown>

  test.each<[string, RequestOptions]>([
    ['a parsed body', { headers, body: parsed }],
    ['a text', { headers, body: body as never }],
    ['bytes', { headers, body: Buffer.from(body) }],
    ['raw bytes beside {}', { headers, rawBody: Buffer.from(body) }],
    ['a length', { headers: { ...headers, 'content-length': String(body.length) }, body: parsed }],
    ['an event emitter', { headers, body: parsed, eventEmitter: EventEmitter }],
    ['headers in upper case', { headers: upper(headers), body: parsed }],
    ['no address', { headers, body: parsed, url: '' }],
  ])('with %s', async (_what, options) => {
    const { luma, tasks } = receiver()
    const { req, res } = createMocks({ method: 'POST', url, ...options })
    expect(await call(luma, req, res)).toBe('answered')
    expect(res.statusCode).toBe(200)
    expect(res._getJSONData()).toEqual({ status: 'received' })
    expect(res.getHeader('content-type')).toBe('application/json; charset=utf-8')
    expect(tasks).toEqual([taskId])
  })

  test('whose response tells of its end', async () => {
    const { luma, tasks } = receiver()
    const request = createRequest({ method: 'POST', url, headers, body: parsed })
    const response = createResponse({ eventEmitter: EventEmitter })
    const isEnded = once(response, 'end')
    luma(request as never, response as never, failTest)
    await isEnded
    expect([response.statusCode, response._isEndCalled(), tasks]).toEqual([200, true, [taskId]])
  })

  test('that sends its body after it was handed over', async () => {
    const { luma, tasks } = receiver()
    const { req, res } = createMocks({ method: 'POST', url, headers })
    const outcome = call(luma, req, res)
    req.send(body)
    expect([await outcome, res.statusCode, tasks]).toEqual(['answered', 200, [taskId]])
  })

  test.each<[string, RequestOptions, number]>([
    ['without a body', { headers }, 400],
    ['without headers', { body: parsed }, 415],
    ['of another method', { method: 'GET', headers }, 405],
    ['with another body', { headers, body: { hello: 'world' } }, 400],
    ['with a body that is too large', { headers, body: { code: 200, msg: 'x'.repeat(300_000) } }, 413],
    ['that declares a body that is too large', { headers: { ...headers, 'content-length': '300000' } }, 413],
    ['not signed', { headers: { 'content-type': 'application/json' }, body: parsed }, 401],
  ])('is refused %s', async (_what, options, status) => {
    const { luma, tasks } = receiver()
    const { req, res } = createMocks({ method: 'POST', url, ...options })
    expect([await call(luma, req, res), res.statusCode, tasks]).toEqual(['answered', status, []])
  })

  test.each([
    ['Koa 3', Koa3],
    ['Koa 2', Koa2],
  ])('below a context of %s', async (_name, Koa) => {
    const tasks: string[] = []
    const luma = koaCallback(({ taskId: id }) => tasks.push(id), base)
    const { req, res } = createMocks({ method: 'POST', url, headers, body: parsed, socket: {} } as never)
    const context = new Koa().createContext(req, res)
    await luma(context, () => expect.fail('passed on'))
    expect([context.status, context.body]).toEqual([200, '{"status":"received"}'])
    expect(tasks).toEqual([taskId])
  })
})

function upper(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]))
}

const apps: Record<string, (options: Partial<LumaOptions>) => DispatchFunc> = {
  'Express 5': (options) => express5().use(receiver(options).luma) as never,
  'Express 4': (options) => express4().use(receiver(options).luma) as never,
  'Express 5 behind express.json()': (options) => express5().use(express5.json(), receiver(options).luma),
  'Koa 3': (options) => new Koa3().use(koaCallback({ ...base, onSuccess: () => {}, ...options })).callback(),
  'Koa 2': (options) => new Koa2().use(koaCallback({ ...base, onSuccess: () => {}, ...options })).callback(),
}

describe.each(Object.entries(apps))('light-my-request, %s', (_name, start) => {
  test('is answered as a server answers', async () => {
    const tasks: string[] = []
    const app = start({ onSuccess: ({ taskId }) => tasks.push(taskId) })
    const { taskId, body } = successOf()
    const headers = signedHeaders(taskId)
    const statuses = []
    for (const payload of [body, Buffer.from(body), JSON.parse(body) as object]) {
      const { statusCode, json } = await inject(app, { method: 'POST', url, headers, payload })
      statuses.push(`${statusCode} ${json<{ status: string }>().status}`)
    }
    expect(statuses).toEqual(['200 received', '200 duplicate', '200 duplicate'])
    const simulate = { split: true, end: true, error: false, close: false }
    const split = { method: 'POST', url, headers, payload: body, simulate } as const
    expect((await inject(app, split)).statusCode).toBe(200)
    expect(tasks).toEqual([taskId])
  })

  test('is refused as a server refuses', async () => {
    const app = start({ bodyLimit: '1kb' })
    const { taskId, body } = successOf()
    const headers = signedHeaders(taskId)
    const statusOf = async (request: object) =>
      (await inject(app, { method: 'POST', url, headers, payload: body, ...request })).statusCode
    expect(await statusOf({ payload: '{' })).toBe(400)
    expect(await statusOf({ headers: signedHeaders('another') })).toBe(401)
    expect(await statusOf({ payload: 'x'.repeat(2_000) })).not.toBe(200)
    expect(await statusOf({ url: '/elsewhere' })).toBe(404)
  })
})

describe('plain objects', () => {
  const { taskId, body } = successOf()
  const request = {
    method: 'POST',
    url,
    path: url,
    baseUrl: '',
    headers: signedHeaders(taskId),
    body: JSON.parse(body),
  }

  test.each<[string, () => Record<string, ReturnType<typeof vi.fn>>]>([
    ['writeHead and end that return nothing', () => ({ writeHead: vi.fn(), end: vi.fn() })],
    ['status and json', () => ({ status: vi.fn().mockReturnThis(), json: vi.fn() })],
    ['status, set and send', () => ({ status: vi.fn().mockReturnThis(), set: vi.fn(), send: vi.fn() })],
    ['setHeader and end', () => ({ setHeader: vi.fn(), end: vi.fn() })],
    ['send alone', () => ({ send: vi.fn() })],
  ])('with a response that has %s', async (_what, make) => {
    const { luma, tasks } = receiver()
    const response = make()
    expect(await call(luma, request, response)).toBe('answered')
    expect(tasks).toEqual([taskId])
    const [written] = (response['end'] ?? response['send'] ?? response['json'])?.mock.calls.at(-1) ?? []
    expect(typeof written === 'string' ? JSON.parse(written) : written).toEqual({ status: 'received' })
    const told = response['writeHead'] ?? response['status']
    if (told) expect(told.mock.calls[0]?.[0]).toBe(200)
    else expect(response).toMatchObject({ statusCode: 200 })
  })

  test('of headers and a body alone', async () => {
    const { luma, tasks } = receiver()
    const response = { status: vi.fn().mockReturnThis(), json: vi.fn() }
    expect(await call(luma, { headers: request.headers, body: request.body }, response)).toBe('answered')
    expect(tasks).toEqual([taskId])
  })

  test('with a response that can do nothing: next gets a TypeError', async () => {
    const { luma } = receiver()
    expect(await call(luma, request, {})).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining('neither end(), send() nor json()'),
    })
  })

  test('with a response that was answered already', async () => {
    const { luma, tasks } = receiver()
    luma(request as never, { headersSent: true, end: expect.fail, send: expect.fail } as never, failTest)
    await expect.poll(() => tasks).toEqual([taskId])
  })

  test.each([
    ['the parsed body on the request', { request: { body: request.body } }],
    ['the bytes on the request', { request: { rawBody: Buffer.from(body), body: {} } }],
    ['headers on the request only', { req: undefined, request: { headers: request.headers, body: request.body } }],
    ['a body on Node’s request', { req: { headers: request.headers, body: request.body }, request: {} }],
    ['no method and no address', { method: undefined, path: undefined, request: { body: request.body } }],
    ['no request', { req: { headers: request.headers, body }, request: undefined }],
  ])('as a context of Koa with %s', async (_what, parts) => {
    const tasks: string[] = []
    const luma = koaCallback((callback) => tasks.push(callback.taskId), base)
    const context: Record<string, unknown> = { method: 'POST', path: url, req: { headers: request.headers }, ...parts }
    await luma(context as never, () => expect.fail('passed on'))
    expect(context).toMatchObject({ status: 200, body: '{"status":"received"}' })
    expect(tasks).toEqual([taskId])
  })
})
