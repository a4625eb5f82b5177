import { lumaCallback as expressCallback, type ExpressRequest, type LumaOptions } from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import express from 'express'
import Koa from 'koa'
import type { RequestListener } from 'node:http'
import request, { type Test } from 'supertest'
import { describe, expect, onTestFinished, test } from 'vitest'
import { post } from '../helpers/requests.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

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

/** Sends a callback to a server of this listener. */
function send(listener: RequestListener, path: string): Test {
  const { taskId, body } = successOf()
  return post(listener, path, body, signedHeaders(taskId))
}

describe('a bare http.createServer', () => {
  test('answers at the path, and 404 in JSON to all else', async () => {
    const luma = make()
    await send(luma, CALLBACK).expect(200)
    await send(luma, `${CALLBACK}/?order=42`).expect(200)
    for (const path of ['/', '/other', `${CALLBACK}/deeper`]) {
      const { body } = await send(luma, path).expect(404)
      expect(body).toMatchObject({ error: 'not_found' })
    }
    await request(luma).get('/').expect(404)
    await request(luma).get(CALLBACK).expect(405)
  })

  test.each(['x://', 'x:', 'http://shop.example'])('does not take the target %s for its own', async (target) => {
    const luma = make()
    const seen: string[] = []
    const called = { method: 'POST', url: target, originalUrl: target, headers: {} }
    luma(called as never, {} as never, () => void seen.push('passed on'))
    expect(seen).toEqual(['passed on'])
  })

  test('answers wherever it is called with path: "*"', async () => {
    await send(make({ path: '*' }), '/anywhere').expect(200)
  })

  test('answers 500 to an error of ours, and goes on', async () => {
    let fails = true
    const key = () => (fails ? (undefined as never) : 'key')
    const luma = make({ key })
    const { body } = await send(luma, CALLBACK).expect(500)
    expect(body).toMatchObject({ status: 'rejected' })
    fails = false
    await send(luma, CALLBACK).expect(200)
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
    const router: RequestListener = (incoming, response) => {
      const seen: ExpressRequest = Object.assign(incoming, { originalUrl: incoming.url ?? '', url: left })
      luma(seen, response, () => void response.writeHead(299).end())
    }
    await send(router, called).expect(status)
  })
})

describe('Express', () => {
  test('answers at the whole path too, below a mount point', async () => {
    const app = express().use('/luma', make({ path: '/luma/callback' }))
    await send(app, '/luma/callback').expect(200)
    await send(app, '/luma/other').expect(404)
  })

  test('warns of a callback that goes deeper below a mount point than the receiver', async () => {
    const told = warnings()
    const app = express().use(/^\/hooks/, make())
    await send(app, '/hooks').expect(200)
    await send(app, '/hooks/luma').expect(404)
    await expect.poll(() => told).toEqual([expect.stringContaining('"/hooks/luma"')])
  })

  test('warns of JSON that it passed on, where callbacks are not signed, if nothing else knows the address', async () => {
    const told = warnings()
    const app = express().use('/hooks', makeUnsigned())
    app.post('/hooks/other', (_request, response) => void response.status(299).end())
    const { body } = successOf()
    await post(app, '/hooks/other', body).expect(299)
    await post(app, '/hooks/luma', 'text', { 'content-type': 'text/plain' }).expect(404)
    await post(app, '/hooks/luma', body).expect(404)
    await expect.poll(() => told).toEqual([expect.stringContaining('"/hooks/luma"')])
  })

  test('leaves a request to its route that was skipped with next("route")', async () => {
    const luma = make()
    const app = express().post('/x', (_request, _response, next) => next('route'), luma)
    app.use(luma).post('/x', (_request, response) => void response.status(299).end())
    await send(app, '/x').expect(299)
  })

  test('answers in a function that gives it no next', async () => {
    const luma = make()
    const app = express().all('/x', (incoming, response) => luma(incoming, response))
    await send(app, '/x').expect(200)
    const controller = express().post('/x', (incoming, response) => luma(incoming, response, () => {}))
    await send(controller, '/x').expect(200)
  })
})

describe('the receiver of the other framework is a TypeError that names the right package', () => {
  test('in Koa', async () => {
    const app = new Koa().use(make() as unknown as Koa.Middleware)
    const errors: unknown[] = []
    app.on('error', (error) => errors.push(error))
    const callback = app.callback()
    await send((incoming, response) => void callback(incoming, response), CALLBACK).expect(500)
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
    await send(app, CALLBACK).expect(500)
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
  await send(app, CALLBACK).expect(500)
})
