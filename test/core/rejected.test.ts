// Every answer but 200 is told, and so is a store that works again.
import { memoryDedupe, type Inbox, type LumaEvent, type LumaOptions, type LumaRequest } from '@luma-callback/core'
import { lumaCallback as lumaExpress } from '@luma-callback/express'
import { lumaCallback as lumaKoa } from '@luma-callback/koa'
import express from 'express'
import Koa from 'koa'
import { createServer, type Server } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { fakeStore, jobOf, startRunner } from '../helpers/jobs.ts'
import { startReceiver, watch } from '../helpers/receiver.ts'
import { listen } from '../helpers/servers.ts'
import { successOf } from '../helpers/signed.ts'

const refused = () => Promise.reject(new Error('connection refused'))
const never = () => new Promise<never>(() => {})

interface Case {
  options?: Partial<LumaOptions>
  request?: Partial<LumaRequest>
  /** How the answer comes about, if sending is not enough. */
  until?: (receiver: ReturnType<typeof startReceiver>) => Promise<unknown>
}

const cases: [string, Case][] = [
  ['400 invalid_json', { request: { rawBody: '{' } }],
  ['400 invalid_callback', { request: { rawBody: '{}' } }],
  ['401 unverified', { request: { headers: { 'content-type': 'application/json' } } }],
  ['401 unverified', { options: { verify: () => false } }],
  ['405 method_not_allowed', { request: { method: 'GET' } }],
  [
    '408 body_timeout',
    { request: { stream: new PassThrough(), rawBody: undefined }, until: ({ clock }) => clock.advance(10_000) },
  ],
  ['413 body_too_large', { options: { bodyLimit: 10 } }],
  ['415 unsupported_media_type', { request: { headers: {} } }],
  ['500 hook_failed', { options: { onSuccess: refused } }],
  ['503 store_unavailable', { options: { dedupe: { ...memoryDedupe(), claim: refused } } }],
  [
    '503 store_unavailable',
    { options: { dedupe: { ...memoryDedupe(), claim: never } }, until: ({ clock }) => clock.advance(10_000) },
  ],
  ['503 store_unavailable', { options: { inbox: inboxThat({ record: refused }) } }],
  ['503 store_unavailable', { options: { inbox: inboxThat({ start: refused }) } }],
  ['503 store_unavailable', { options: { secret: refused } }],
  ['503 store_unavailable', { options: { verify: never }, until: ({ clock }) => clock.advance(10_000) }],
  ['503 in_progress', { options: { dedupe: { ...memoryDedupe(), claim: async () => 'held' } } }],
]

function inboxThat(inbox: Partial<Inbox>): Inbox {
  return { record: async () => 'recorded', start: async () => {}, close: async () => {}, ...inbox }
}

function summaries(events: readonly LumaEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'rejected' ? [`${event.status} ${event.reason}`] : []))
}

describe('an answer other than 200', () => {
  test.each(cases)('%s is told once, with the address (%#)', async (expected, { options, request, until }) => {
    const receiver = startReceiver(options)
    const answer = watch(receiver.send(successOf(), { address: '192.0.2.7', ...request }))
    await settlePromises()
    await until?.(receiver)
    const { result } = answer
    if (result === 'pending') throw new Error('there is no answer')
    const { error } = JSON.parse(result.body) as { error: string }
    expect(`${result.status} ${error}`).toBe(expected)
    expect(summaries(receiver.events)).toEqual([expected])
    expect(receiver.eventsOf('rejected')[0]).toMatchObject({ address: '192.0.2.7' })
  })

  test('503 closing is told too', async () => {
    const { handler, send, events } = startReceiver()
    await handler.close()
    await send(successOf())
    expect(summaries(events)).toEqual(['503 closing'])
  })

  test('500 of the framework, where something of ours was thrown, is told after the error', async () => {
    const key = () => {
      throw new Error('no key')
    }
    const { send, events } = startReceiver({ key })
    await expect(send(successOf(), { address: '192.0.2.7' })).rejects.toThrow('no key')
    expect(events).toMatchObject([
      { type: 'error', error: { message: 'no key' } },
      { type: 'rejected', status: 500, reason: 'error', address: '192.0.2.7' },
    ])
  })

  test('to each duplicate of a callback whose hook fails is told', async () => {
    const { send, clock, events } = startReceiver({ onSuccess: async () => refused() })
    const sample = successOf()
    await Promise.all([send(sample), send(sample), send(sample)])
    await clock.advance(0)
    expect(summaries(events)).toEqual(['500 hook_failed', '500 hook_failed', '500 hook_failed'])
  })
})

describe('the address', () => {
  async function addressSeen(
    open: (options: LumaOptions) => Promise<string>,
    headers: Record<string, string> = {},
  ): Promise<string | undefined> {
    const events: LumaEvent[] = []
    const url = await open({ onSuccess() {}, secret: 'whk', observe: (event) => events.push(event) })
    await fetch(`${url}/luma-modify-callback`, { method: 'POST', headers, body: '{}' })
    return events.map((event) => (event.type === 'rejected' ? event.address : undefined)).at(-1)
  }
  const onExpress = (trust: boolean) => (options: LumaOptions) => {
    const app = express()
    app.set('trust proxy', trust)
    app.use(lumaExpress(options))
    return serve(createServer(app))
  }
  const onKoa = (proxy: boolean) => (options: LumaOptions) => {
    const app = new Koa({ proxy })
    app.use(lumaKoa(options))
    return serve(createServer((request, response) => void app.callback()(request, response)))
  }
  const serve = async (server: Server): Promise<string> => (await listen(server)).url
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }

  test.each([
    ['Express', onExpress],
    ['Koa', onKoa],
  ])('is the connection’s on %s, and behind a proxy that is trusted the one that it tells', async (_, on) => {
    expect(await addressSeen(on(false), forwarded)).toMatch(/^(::ffff:)?127\.0\.0\.1$/)
    expect(await addressSeen(on(true), forwarded)).toBe('203.0.113.9')
  })

  test.each<[string, Partial<LumaRequest>, string | undefined]>([
    ['of the socket, where a request has none', { stream: streamWith({ remoteAddress: '::1' }) }, '::1'],
    ['none, where there is neither', {}, undefined],
    ['none, where it is no text', { address: 7 as never }, undefined],
    ['none, where the socket is gone', { stream: streamWith({ remoteAddress: undefined }) }, undefined],
    [
      'none, where it cannot be told',
      {
        get address(): string {
          throw new Error('no trust function')
        },
      },
      undefined,
    ],
  ])('is %s', async (_, request, expected) => {
    const { handler, eventsOf } = startReceiver()
    const full = { method: 'GET', url: '/', headers: {} }
    await handler.handle(Object.defineProperties(full, Object.getOwnPropertyDescriptors(request)) as LumaRequest)
    expect(eventsOf('rejected')[0]?.address).toBe(expected)
  })

  function streamWith(socket: object): PassThrough {
    return Object.assign(new PassThrough(), { socket })
  }
})

describe('a store that works again is told once', () => {
  test('by the next callback that an inbox records, with the time since the first that it did not', async () => {
    let isAway = true
    const inbox = inboxThat({ record: async () => (isAway ? refused() : 'recorded') })
    const { send, clock, eventsOf, events } = startReceiver({ inbox })
    for (let index = 0; index < 3; index++) {
      await send(successOf())
      await clock.advance(2_000)
    }
    expect(eventsOf('restored')).toEqual([])
    isAway = false
    for (let index = 0; index < 3; index++) await send(successOf())
    expect(eventsOf('restored')).toEqual([{ type: 'restored', store: 'inbox', duration: 6_000 }])
    isAway = true
    await send(successOf())
    await clock.advance(500)
    isAway = false
    await send(successOf())
    expect(eventsOf('restored')).toHaveLength(2)
    expect(events.at(-1)).toMatchObject({ type: 'restored', duration: 500 })
  })

  test('that did not answer in time', async () => {
    let isAway = true
    const inbox = inboxThat({ record: async () => (isAway ? never() : 'recorded') })
    const { send, clock, eventsOf } = startReceiver({ inbox })
    const answer = send(successOf())
    await clock.advance(10_000)
    await answer
    isAway = false
    await send(successOf())
    expect(eventsOf('restored')).toHaveLength(1)
  })

  test('that could not be started', async () => {
    let isAway = true
    const { send, eventsOf } = startReceiver({
      inbox: inboxThat({ start: async () => (isAway ? refused() : undefined) }),
    })
    await send(successOf())
    isAway = false
    await send(successOf())
    await send(successOf())
    expect(eventsOf('restored')).toHaveLength(1)
  })

  test('and not where it never failed, or was closed', async () => {
    const { handler, send, eventsOf } = startReceiver()
    await send(successOf())
    await handler.close()
    await send(successOf())
    expect(eventsOf('restored')).toEqual([])
  })

  test.each(['claim', 'complete', 'release'] as const)('a dedupe store whose %s failed', async (method) => {
    const store = memoryDedupe()
    let isAway = true
    const broken = {
      ...store,
      [method]: (given: never) => (isAway ? refused() : store[method](given)),
    }
    const onSuccess = () => (method === 'release' && isAway ? refused() : undefined)
    const { send, clock, eventsOf } = startReceiver({ dedupe: broken, onSuccess })
    await send(successOf())
    expect(eventsOf('restored')).toEqual([])
    isAway = false
    await clock.advance(60_000)
    await send(successOf())
    expect(eventsOf('restored')).toMatchObject([{ type: 'restored', store: 'dedupe' }])
  })
})

describe('an inbox on createRunner whose store works again is told once', () => {
  const succeeds = async (): Promise<void> => {}

  test('when it gives work again', async () => {
    const store = fakeStore(jobOf('a'))
    store.takeFailures = [new Error('away'), new Error('away')]
    const { clock, events } = startRunner(store, succeeds, { tellsReturn: true })
    await clock.advance(10_000)
    expect(events.map(({ type }) => type)).toEqual(['error', 'error', 'restored', 'delivered'])
    expect(events[2]).toEqual({ type: 'restored', store: 'inbox', duration: 1_500 })
  })

  test('when the end of a run can be written', async () => {
    const store = fakeStore(jobOf('a'))
    store.answers = [new Error('away'), new Error('away')]
    const { clock, events } = startRunner(store, succeeds, { tellsReturn: true })
    await clock.advance(10_000)
    expect(events.map(({ type }) => type)).toEqual(['error', 'error', 'restored', 'delivered'])
  })

  test('when a lease can be renewed', async () => {
    const store = fakeStore(jobOf('a'))
    store.answers = [new Error('away')]
    const { clock, events } = startRunner(store, never, { tellsReturn: true })
    await clock.advance(25_000)
    expect(events).toMatchObject([{ type: 'error' }, { type: 'restored', store: 'inbox', duration: 10_000 }])
  })

  test('when all that failed works, and not before', async () => {
    const store = fakeStore(jobOf('a'), jobOf('b'))
    // Of the first two renewals the second fails, of the next two the first.
    store.answers = [true, new Error('away'), new Error('away'), true]
    const { clock, events } = startRunner(store, never, { tellsReturn: true })
    await clock.advance(20_000)
    expect(events.filter(({ type }) => type === 'restored')).toEqual([])
    await clock.advance(10_000)
    expect(events.filter(({ type }) => type === 'restored')).toHaveLength(1)
  })
})
