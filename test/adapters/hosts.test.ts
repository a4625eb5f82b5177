// Frameworks inside something else that had the request first: cloud functions, shims, another framework.
import { createServer as createHttp2Server, connect } from 'node:http2'
import { once } from 'node:events'
import { IncomingMessage, ServerResponse, type RequestListener } from 'node:http'
import { buffer, text } from 'node:stream/consumers'
import { createHandler } from '@luma-callback/core'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import { bodyParser } from '@koa/bodyparser'
import express, { type Express } from 'express'
import Koa from 'koa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FORMS, frameworks } from '../helpers/frameworks.ts'
import { post } from '../helpers/requests.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

type Host = (request: IncomingMessage) => unknown

/** Reads a chunk, and stops. */
async function peek(request: IncomingMessage): Promise<Buffer> {
  const [chunk] = (await once(request, 'data')) as [Buffer]
  request.pause()
  return chunk
}

const good: Record<string, Host> = {
  'read the body and left it parsed': async (request) =>
    Object.assign(request, { body: JSON.parse(await text(request)) as unknown }),
  'left the bytes': async (request) => Object.assign(request, { rawBody: await buffer(request) }),
  'left a Uint8Array': async (request) => Object.assign(request, { rawBody: new Uint8Array(await buffer(request)) }),
  'left the text': async (request) => Object.assign(request, { rawBody: await text(request) }),
  'left the text as the body': async (request) => Object.assign(request, { body: await text(request) }),
  'left the bytes, and an empty body': async (request) =>
    Object.assign(request, { rawBody: await buffer(request), body: {} }),
  'left the body, and empty bytes': async (request) =>
    Object.assign(request, { body: await buffer(request), rawBody: Buffer.alloc(0) }),
  'left it as base64': async (request) => Object.assign(request, { body: (await buffer(request)).toString('base64') }),
  'marked it as parsed': async (request) =>
    Object.assign(request, { _body: true, body: JSON.parse(await text(request)) as unknown }),
  'left defaults beside the unread stream': async (request) => Object.assign(request, { body: { requestId: 1 } }),
  'read it and put it back': async (request) => request.unshift(await peek(request)),
  'read it in text and put it back': async (request) => request.setEncoding('utf8').unshift(await peek(request)),
  'paused it': (request) => request.pause(),
  'set its encoding': (request) => request.setEncoding('utf8'),
  'listens to it': (request) => request.on('data', () => {}),
  'parses on demand, and throws': async (request) =>
    Object.defineProperties(Object.assign(request, { rawBody: await buffer(request) }), {
      body: { get: () => expect.fail('parsed'), set: () => {}, configurable: true },
    }),
}

const bad: Record<string, [Host, message: string]> = {
  'read it and left nothing': [text, 'left no body'],
  'put a part back': [
    async (request) => request.unshift((await peek(request)).subarray(10)),
    'put back only a part of it',
  ],
  'read a part and put nothing back': [peek, 'left no body'],
  'put it back after its end': [
    async (request) => {
      const bytes = await buffer(request)
      request.on('error', () => {})
      request.unshift(bytes)
    },
    'left no body',
  ],
}

describe.each(frameworks)('$name, in a host that', ({ start }) => {
  test.each(Object.entries(good))('%s', async (_what, host) => {
    const tasks: string[] = []
    const errors: unknown[] = []
    const hook = ({ taskId }: { taskId: string }) => tasks.push(taskId)
    const { url } = await start({ onSuccess: hook }, { host, onError: (error) => errors.push(error) })
    const { taskId, body } = successOf()
    const { status, body: answer } = await post(url, FORMS.bare, body, signedHeaders(taskId))
    expect({ status, answer, errors }).toEqual({ status: 200, answer: { status: 'received' }, errors: [] })
    expect(tasks).toEqual([taskId])
  })

  test.each(Object.entries(bad))('%s', async (_what, [host, message]) => {
    const { url } = await start({ onSuccess: () => expect.fail('a hook ran') }, { host })
    const { taskId, body } = successOf()
    const reply = await post(url, FORMS.bare, body, signedHeaders(taskId)).expect(400)
    expect(reply.body).toMatchObject({ error: 'invalid_json', message: expect.stringContaining(message) })
  })
})

/** A Koa application with the receiver alone. */
function koaApp(): { listener: RequestListener; tasks: string[] } {
  const tasks: string[] = []
  const luma = koaCallback(({ taskId }) => tasks.push(taskId), { secret: SECRET, observe: () => {} })
  const app = new Koa().use(luma)
  const callback = app.callback()
  return { listener: (request, response) => void callback(request, response), tasks }
}

test.each<[string, Express]>([
  ['express.json()', express().use(express.json())],
  ['express.text()', express().use(express.text({ type: '*/*' }))],
  ['express.raw()', express().use(express.raw({ type: '*/*' }))],
  ['parsers that do not fit', express().use(express.urlencoded({ extended: true }), express.text())],
  ['no parser', express()],
])('Koa inside Express behind %s', async (_what, app) => {
  const { listener, tasks } = koaApp()
  const { taskId, body } = successOf()
  await post(app.use(listener), FORMS.bare, body, signedHeaders(taskId)).expect(200)
  expect(tasks).toEqual([taskId])
})

test('Koa behind a parser that leaves the body on Node’s request only', async () => {
  const tasks: string[] = []
  const app = new Koa()
  app.use(bodyParser({ patchNode: true }))
  app.use(async ({ request }, next) => {
    Object.assign(request, { body: {}, rawBody: undefined })
    await next()
  })
  app.use(koaCallback(({ taskId }) => tasks.push(taskId), { secret: SECRET }))
  const callback = app.callback()
  const { taskId, body } = successOf()
  const listener: RequestListener = (request, response) => void callback(request, response)
  await post(listener, FORMS.bare, body, signedHeaders(taskId)).expect(200)
  expect(tasks).toEqual([taskId])
})

/** A request as shims for functions make it from an event: a subclass of Node's that feeds itself. */
class EventRequest extends IncomingMessage {
  constructor(event: { headers: Record<string, string>; body: Buffer }, isLazy: boolean) {
    super({ encrypted: true, readable: false, remoteAddress: '127.0.0.1', end: () => {}, destroy: () => {} } as never)
    Object.assign(this, { ...event, complete: true, httpVersion: '1.1', method: 'POST', url: FORMS.bare })
    this._read = () => {
      if (isLazy) this.pushAll(event.body)
    }
    if (!isLazy) this.pushAll(event.body)
  }

  private pushAll(body: Buffer): void {
    this.push(body)
    this.push(null)
  }
}

test.each([
  ['pushes its body at once', false],
  ['pushes its body when it is asked', true],
])('a request that a shim for functions made, which %s', async (_what, isLazy) => {
  const { listener, tasks } = koaApp()
  const { taskId, body } = successOf()
  const bytes = Buffer.from(body)
  for (const length of [{}, { 'content-length': String(bytes.length) }]) {
    const request = new EventRequest({ headers: { ...signedHeaders(taskId), ...length }, body: bytes }, isLazy)
    const response = new ServerResponse(request)
    const isFinished = new Promise((resolve) => Object.assign(response, { end: resolve }))
    listener(request, response)
    expect(await isFinished).toMatch(/received|duplicate/)
  }
  expect(tasks).toEqual([taskId])
})

test('HTTP/2, through Koa and through the handler itself', async () => {
  const { listener, tasks } = koaApp()
  const handler = createHandler({ onSuccess: () => {}, secret: SECRET, observe: () => {}, bodyLimit: 2_000 })
  const listeners = [
    listener as never,
    (async (request: { method: string; url: string; headers: Record<string, string> }, response: ServerResponse) => {
      const { status, headers, body } = await handler.handle({ ...pick(request), stream: request })
      response.writeHead(status, headers).end(body)
    }) as never,
  ]
  for (const [index, one] of listeners.entries()) {
    const server = createHttp2Server(one)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = connect(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
    onTestFinished(() => {
      client.destroy()
      server.close()
    })
    const { taskId, body } = successOf()
    const send = async (content: string) => {
      const stream = client.request({ ':method': 'POST', ':path': FORMS.bare, ...signedHeaders(taskId) })
      stream.end(content)
      const [{ ':status': status }] = (await once(stream, 'response')) as [{ ':status': number }]
      return `${status} ${await text(stream)}`
    }
    expect(await send(body)).toBe('200 {"status":"received"}')
    expect(await send(body)).toBe('200 {"status":"duplicate"}')
    expect(await send('{')).toContain('invalid_json')
    if (index === 1) expect(await send(`${body}${' '.repeat(3_000)}`)).toContain('413')
  }
  expect(tasks).toHaveLength(1)
})

function pick({ method, url, headers }: { method: string; url: string; headers: Record<string, string> }) {
  return { method, url, headers }
}
