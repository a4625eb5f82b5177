import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import { createRequire } from 'node:module'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { buffer, text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { lumaCallback as expressCallback, type LumaOptions } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import express5 from 'express'
import Koa3 from 'koa'
import mount from 'koa-mount'
import { onTestFinished } from 'vitest'
import { SECRET } from './signed.ts'

const require = createRequire(import.meta.url)
// The older majors carry no types under their alias; what is used of them here has not changed.
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

/** Ways to put the receiver into an application; the address it then answers at. */
export const FORMS = {
  bare: '/luma-modify-callback',
  mounted: '/hooks/luma',
  route: '/hooks/luma',
  nested: '/api/tenants/acme/luma',
} as const

/** What ran before the receiver. */
export type Before = 'nothing' | 'json' | 'text' | 'raw' | 'consumed' | 'rawBody'

export interface AppOptions {
  form?: keyof typeof FORMS
  before?: Before
  /** What the host of the framework does to each request, before the framework gets it. */
  host?: (request: IncomingMessage) => unknown
  /** Told what came out of the receiver as an error of ours. */
  onError?: (error: unknown) => void
}

export interface App {
  url: string
  port: number
  close: () => Promise<void>
}

type Start = (options: Partial<LumaOptions>, app?: AppOptions) => Promise<App>

/** Every framework major that is promised, each with the same ways to start it. */
export const frameworks: readonly { name: string; start: Start }[] = [
  { name: 'Express 5', start: (options, app) => startExpress(express5, options, app) },
  { name: 'Express 4', start: (options, app) => startExpress(express4, options, app) },
  { name: 'Koa 3', start: (options, app) => startKoa(Koa3, options, app) },
  { name: 'Koa 2', start: (options, app) => startKoa(Koa2, options, app) },
]

const base = { onSuccess: () => {}, onFailure: () => {}, observe: () => {}, secret: SECRET }

function startExpress(express: typeof express5, options: Partial<LumaOptions>, app: AppOptions = {}): Promise<App> {
  const { form = 'bare', before = 'nothing', host, onError } = app
  const luma = expressCallback({ ...base, ...options })
  const server = express()
  server.set('trust proxy', true)
  if (before === 'json') server.use(express.json())
  if (before === 'text') server.use(express.text({ type: '*/*' }))
  if (before === 'raw') server.use(express.raw({ type: '*/*' }))
  if (before === 'consumed') server.use((request, _response, next) => void request.resume().on('end', () => next()))
  if (before === 'rawBody') {
    const verify = (request: object, _response: object, rawBody: Buffer) => void Object.assign(request, { rawBody })
    server.use(express.json({ verify }), (request, _response, next) => {
      request.body = undefined
      next()
    })
  }
  if (form === 'bare') server.use(luma)
  if (form === 'mounted') server.use(FORMS.mounted, luma)
  if (form === 'route') server.post(FORMS.route, luma)
  if (form === 'nested') {
    const inner = express.Router({ mergeParams: true })
    inner.post('/luma', luma)
    server.use('/api/tenants/:tenant', inner)
  }
  server.use((request, response) => void echo(request).then((body) => response.status(404).send(body)))
  // Express knows an error handler by its four parameters.
  server.use((error: unknown, _request: object, response: express5.Response, _next: unknown) => {
    onError?.(error)
    response.status(500).send('an error of ours')
  })
  return listen(hosted(server, host), () => luma.close({ timeout: 0 }))
}

function startKoa(Koa: typeof Koa3, options: Partial<LumaOptions>, app: AppOptions = {}): Promise<App> {
  const { form = 'bare', before = 'nothing', host, onError } = app
  const luma = koaCallback({ ...base, ...options })
  const server = new Koa({ proxy: true })
  server.on('error', (error) => onError?.(error))
  if (before === 'json' || before === 'rawBody') server.use(bodyParser())
  if (before === 'text') server.use(bodyParser({ enableTypes: ['text'], extendTypes: { text: ['application/json'] } }))
  server.use(async (context, next) => {
    if (before === 'raw') Object.assign(context.request, { body: await buffer(context.req) })
    if (before === 'consumed') await buffer(context.req)
    if (before === 'rawBody') Object.assign(context.request, { body: undefined })
    return next()
  })
  if (form === 'bare') server.use(luma)
  if (form === 'mounted') server.use(mount(FORMS.mounted, luma))
  if (form === 'route') server.use(new Router().post(FORMS.route, luma).routes())
  if (form === 'nested') {
    const inner = new Router().post('/luma', luma)
    server.use(new Router().use('/api/tenants/:tenant', inner.routes()).routes())
  }
  server.use(async (context) => {
    const body = await echo(context.req)
    context.status = 404
    context.body = body
  })
  const callback = server.callback()
  return listen(
    hosted((request, response) => void callback(request, response), host),
    () => luma.close({ timeout: 0 }),
  )
}

/** What stands behind the receiver: shows that a request which is not ours arrives there whole. */
async function echo(request: IncomingMessage): Promise<string> {
  return `passed on with ${await text(request)}`
}

function hosted(listener: RequestListener, host: AppOptions['host']): RequestListener {
  if (!host) return listener
  return (request, response) => {
    const isDone = host(request)
    if (isDone instanceof Promise) void isDone.then(() => listener(request, response))
    else listener(request, response)
  }
}

async function listen(listener: RequestListener, closeReceiver: () => Promise<void>): Promise<App> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  async function close(): Promise<void> {
    await closeReceiver()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${port}`, port, close: closeReceiver }
}
