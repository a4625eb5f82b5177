import { lumaCallback as expressCallback, type ExpressRequest, type LumaOptions } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import express from 'express'
import Koa from 'koa'
import { createServer, type RequestListener } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listen } from '../helpers/servers.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'
import { post } from '../helpers/wire.ts'

const CALLBACK = '/luma-modify-callback'

function make(options: Partial<LumaOptions> = {}) {
  const luma = expressCallback({ onSuccess: () => {}, observe: () => {}, secret: SECRET, ...options })
  onTestFinished(() => luma.close({ timeout: 0 }))
  return luma
}

function makeUnsigned() {
  const luma = expressCallback({ onSuccess: () => {}, observe: () => {} })
  onTestFinished(() => luma.close({ timeout: 0 }))
  return luma
}

/** What the receivers warn of, until the test is over. */
function warnings(): string[] {
  const told: string[] = []
  const listener = ({ message, ...rest }: Error & { code?: string }) =>
    void (rest.code === 'LUMA_PASSED_ON' && told.push(message))
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  return told
}

async function start(listener: RequestListener): Promise<string> {
  return (await listen(createServer(listener))).url
}

async function send(url: string): Promise<{ status: number; body: object }> {
  const { taskId, body } = successOf()
  return post(url, body, signedHeaders(taskId))
}

describe('a bare http.createServer', () => {
  test('answers at the path, and 404 in JSON to all else', async () => {
    const url = await start(make())
    expect(await send(url + CALLBACK)).toMatchObject({ status: 200 })
    expect(await send(`${url}${CALLBACK}/?order=42`)).toMatchObject({ status: 200 })
    for (const path of ['/', '/other', `${CALLBACK}/deeper`]) {
      expect(await send(url + path)).toMatchObject({ status: 404, body: { error: 'not_found' } })
    }
    expect((await fetch(url)).status).toBe(404)
    expect((await fetch(url + CALLBACK)).status).toBe(405)
  })

  test.each(['x://', 'x:', 'http://shop.example'])('does not take the target %s for its own', async (target) => {
    const luma = make()
    const seen: string[] = []
    const request = { method: 'POST', url: target, originalUrl: target, headers: {} }
    luma(request as never, {} as never, () => void seen.push('passed on'))
    expect(seen).toEqual(['passed on'])
  })

  test('answers wherever it is called with path: "*"', async () => {
    const url = await start(make({ path: '*' }))
    expect(await send(`${url}/anywhere`)).toMatchObject({ status: 200 })
  })

  test('answers 500 to an error of ours, and goes on', async () => {
    let fails = true
    const key = () => (fails ? (undefined as never) : 'key')
    const url = await start(make({ key }))
    expect(await send(url + CALLBACK)).toMatchObject({ status: 500, body: { status: 'rejected' } })
    fails = false
    expect(await send(url + CALLBACK)).toMatchObject({ status: 200 })
  })
})

describe('a router like that of connect, which has no baseUrl and cuts the mount point off', () => {
  test.each([
    ['/hooks/luma', '/', 200],
    ['/hooks/luma/', '/', 200],
    ['/hooks/luma?order=42', '/?order=42', 200],
    [CALLBACK, CALLBACK, 200],
    [`/api${CALLBACK}`, CALLBACK, 200],
    ['/hooks/luma/deeper', '/deeper', 299],
    ['/', '/', 299],
  ])('%s, which it calls %s, is answered %d', async (called, left, status) => {
    const luma = make()
    const url = await start((request, response) => {
      const seen: ExpressRequest = Object.assign(request, { originalUrl: request.url ?? '', url: left })
      luma(seen, response, () => void response.writeHead(299).end())
    })
    expect(await send(url + called)).toMatchObject({ status })
  })
})

describe('Express', () => {
  test('answers at the whole path too, below a mount point', async () => {
    const url = await start(express().use('/luma', make({ path: '/luma/callback' })))
    expect(await send(`${url}/luma/callback`)).toMatchObject({ status: 200 })
    expect(await send(`${url}/luma/other`)).toMatchObject({ status: 404 })
  })

  test('warns of a callback that goes deeper below a mount point than the receiver', async () => {
    const told = warnings()
    const url = await start(express().use(/^\/hooks/, make()))
    expect(await send(`${url}/hooks`)).toMatchObject({ status: 200 })
    expect(await send(`${url}/hooks/luma`)).toMatchObject({ status: 404 })
    await expect.poll(() => told).toEqual([expect.stringContaining('"/hooks/luma"')])
  })

  test('warns of JSON that it passed on, where callbacks are not signed, if nothing else knows the address', async () => {
    const told = warnings()
    const app = express().use('/hooks', makeUnsigned())
    app.post('/hooks/other', (_request, response) => void response.status(299).end())
    const url = await start(app)
    const { body } = successOf()
    expect(await post(`${url}/hooks/other`, body)).toMatchObject({ status: 299 })
    expect(await post(`${url}/hooks/luma`, 'text', { 'content-type': 'text/plain' })).toMatchObject({ status: 404 })
    expect(await post(`${url}/hooks/luma`, body)).toMatchObject({ status: 404 })
    await expect.poll(() => told).toEqual([expect.stringContaining('"/hooks/luma"')])
  })

  test('leaves a request to its route that was skipped with next("route")', async () => {
    const luma = make()
    const app = express().post('/x', (_request, _response, next) => next('route'), luma)
    app.use(luma).post('/x', (_request, response) => void response.status(299).end())
    expect(await send(`${await start(app)}/x`)).toMatchObject({ status: 299 })
  })

  test('answers in a function that gives it no next', async () => {
    const luma = make()
    const app = express().all('/x', (request, response) => luma(request, response))
    expect(await send(`${await start(app)}/x`)).toMatchObject({ status: 200 })
    const controller = express().post('/x', (request, response) => luma(request, response, () => {}))
    expect(await send(`${await start(controller)}/x`)).toMatchObject({ status: 200 })
  })
})

describe('the receiver of the other framework is a TypeError that names the right package', () => {
  test('in Koa', async () => {
    const app = new Koa().use(make() as unknown as Koa.Middleware)
    const errors: unknown[] = []
    app.on('error', (error) => errors.push(error))
    const callback = app.callback()
    expect(await send((await start((request, response) => void callback(request, response))) + CALLBACK)).toMatchObject(
      {
        status: 500,
      },
    )
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('@luma-callback/koa') })])
  })

  test('in Express', async () => {
    const luma = koaCallback({ onSuccess: () => {}, secret: SECRET })
    const app = express().use(luma as unknown as express.RequestHandler)
    const errors: unknown[] = []
    app.use((error: unknown, _request: object, response: express.Response, _next: unknown) => {
      errors.push(error)
      response.status(500).end()
    })
    expect(await send((await start(app)) + CALLBACK)).toMatchObject({ status: 500 })
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('@luma-callback/express') })])
  })

  test.each([[undefined], [null], ['']])('and %j is neither', (given) => {
    expect(() => make()(given as never, given as never)).toThrow(TypeError)
    const luma = koaCallback({ onSuccess: () => {}, secret: SECRET })
    expect(() => luma(given as never)).toThrow(TypeError)
  })
})

test('Express is told of an error of ours, also where undefined was thrown', async () => {
  const key = () => {
    // eslint-disable-next-line no-throw-literal
    throw undefined
  }
  const app = express().use(make({ key }))
  app.use((_request, response) => void response.status(299).end())
  app.use((_error: unknown, _request: object, response: express.Response, _next: unknown) => {
    response.status(500).end('{}')
  })
  expect(await send(`${await start(app)}${CALLBACK}`)).toMatchObject({ status: 500 })
})
