import { context as telemetry, createContextKey } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import {
  lumaCallback as expressCallback,
  type Inbox,
  type LumaLifecycle,
  type LumaOptions,
} from '@luma-callback/express'
import { lumaCallback as koaCallback } from '@luma-callback/koa'
import express5 from 'express'
import * as httpContext from 'express-http-context'
import Koa3 from 'koa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { deferred } from '../../packages/core/src/internal/promises.ts'
import { openInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { post } from '../helpers/requests.ts'
import { listen } from '../helpers/servers.ts'
import { signedHeaders, SECRET, successOf } from '../helpers/signed.ts'

const require = createRequire(import.meta.url)
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

const KEY = createContextKey('order')
const ORDERS = ['1', '2', '3', '4', '5']

/** A server in front of a receiver. */
interface Application {
  listener: RequestListener
  luma: LumaLifecycle
  /** The order that the current request is about, by the means of this framework; undefined outside of any. */
  order: () => unknown
}

type Make = (options: LumaOptions) => Application

function withHttpContext(express: typeof express5): Make {
  return (options) => {
    const luma = expressCallback(options)
    const app = express()
    app.use(httpContext.middleware as express5.RequestHandler)
    app.use((request, _response, next) => {
      httpContext.set('order', request.query['order'])
      next()
    })
    app.use(luma)
    return {
      listener: app as RequestListener,
      luma,
      order: () => httpContext.get('order') as unknown,
    }
  }
}

function withTelemetry(express: typeof express5): Make {
  return (options) => {
    telemetry.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    onTestFinished(() => telemetry.disable())
    const luma = expressCallback(options)
    const app = express()
    app.use((request, _response, next) =>
      telemetry.with(telemetry.active().setValue(KEY, request.query['order']), () => next()),
    )
    app.use(luma)
    return {
      listener: app as RequestListener,
      luma,
      order: () => telemetry.active().getValue(KEY),
    }
  }
}

function withCurrentContext(Koa: typeof Koa3): Make {
  return (options) => {
    const luma = koaCallback(options)
    const app = new Koa({ asyncLocalStorage: true })
    app.use(luma)
    const handle = app.callback()
    return {
      listener: (request, response) => void handle(request, response),
      luma,
      order: () => app.currentContext?.query['order'],
    }
  }
}

/** What was called, of which order, and in the context of which. */
type Note = [what: string, about: string | undefined, order: unknown]

/**
 * Sends five callbacks at once to a receiver that runs one hook at a time. No hook goes on before all are answered, and
 * each fails in its first run.
 */
async function notesOf(make: Make, inbox?: Inbox): Promise<Note[]> {
  const notes: Note[] = []
  const answered = deferred<void>()
  const delivered = new Set<string | undefined>()
  let app: Application | undefined
  const note = (what: string, { order }: Readonly<Record<string, string>>): void =>
    void notes.push([what, order, app?.order()])

  app = make({
    secret: SECRET,
    inbox,
    concurrency: 1,
    ackTimeout: inbox ? 14_000 : 20,
    retry: { attempts: 3, minDelay: 1, maxDelay: 5 },
    async onSuccess({ query }, { attempt }) {
      note('begin', query)
      await answered.promise
      note('end', query)
      if (attempt === 1) throw new Error('not yet')
    },
    observe(event) {
      if (!('callback' in event)) return
      note(event.type, event.callback.query)
      if (event.type === 'delivered') delivered.add(event.callback.query['order'])
    },
  })
  const { luma } = app
  onTestFinished(() => luma.close())
  // However long that takes, no request waits for it.
  await luma.start()
  const { url } = await listen(createServer(app.listener))
  const answers = await Promise.all(
    ORDERS.map((order) => {
      const { taskId, body } = successOf()
      return post(url, `/luma-modify-callback?order=${order}`, body, signedHeaders(taskId))
    }),
  )
  expect(answers.map(({ status }) => status)).toEqual(ORDERS.map(() => 200))
  answered.resolve()
  await expect.poll(() => delivered.size, { timeout: 60_000 }).toBe(ORDERS.length)
  return notes
}

describe.each<[string, Make]>([
  ['express-http-context in Express 5', withHttpContext(express5)],
  ['express-http-context in Express 4', withHttpContext(express4)],
  ["OpenTelemetry's context manager in Express 5", withTelemetry(express5)],
  ["OpenTelemetry's context manager in Express 4", withTelemetry(express4)],
  ['app.currentContext of Koa 3', withCurrentContext(Koa3)],
  ['app.currentContext of Koa 2', withCurrentContext(Koa2)],
])('%s', (_name, make) => {
  const steps = ['received', 'begin', 'end', 'retrying', 'begin', 'end', 'delivered']

  test('tells in direct mode each hook, also when it is run again, which request is its own', async () => {
    const notes = await notesOf(make)
    for (const order of ORDERS) {
      const own = notes.filter(([, about]) => about === order)
      expect(own).toEqual(steps.map((step) => [step, order, order]))
    }
  })

  test('tells a hook that an inbox runs of no request', async () => {
    const notes = await notesOf(make, openInbox(join(temporaryFolder(), 'luma.db')))
    for (const order of ORDERS) {
      const own = notes.filter(([, about]) => about === order)
      expect(own).toEqual(steps.map((step) => [step, order, step === 'received' ? order : undefined]))
    }
  })
})
