import {
  ForgedError,
  parseCallback,
  UnconfirmedError,
  type Inbox,
  type LumaCallback,
  type LumaOptions,
  type Trust,
} from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { isUnborne } from '../../packages/core/src/verify/trust.ts'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { serveReceiver } from '../helpers/api.ts'
import { fakeClock } from '../helpers/clock.ts'
import { startReceiver, verdictOf, watch } from '../helpers/receiver.ts'
import { fixtures, signedHeaders, successOf, TASK_ID } from '../helpers/signed.ts'
import { post } from '../helpers/wire.ts'

const RETRY = { attempts: 1, minDelay: 1, maxDelay: 1 }
const send = (url: string) => post(url, fixtures.success, signedHeaders())

async function trusting(confirm: Trust['confirm'], options: Partial<LumaOptions> = {}) {
  const inbox = memoryInboxes()()
  const receiver = await serveReceiver({ inbox, trust: { confirm }, retry: RETRY, ...options })
  return { ...receiver, inbox, types: () => receiver.events.map(({ type }) => type) }
}

describe('what was not borne out gets another run when it comes again', () => {
  test.each([
    ['an error of any kind', async (): Promise<LumaCallback> => Promise.reject(new TypeError('no')), 60_000],
    ['no answer within hookTimeout', () => new Promise<LumaCallback>(() => {}), 20],
    [
      'an abort that is told as it is',
      (_: LumaCallback, { signal }: { signal: AbortSignal }) =>
        new Promise<LumaCallback>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
      20,
    ],
  ])('after %s', async (_, fail, hookTimeout) => {
    let isAway = true
    const receiver = await trusting(async (callback, context) => (isAway ? fail(callback, context) : callback), {
      hookTimeout,
    })
    await send(receiver.url)
    await expect.poll(receiver.types).toEqual(['received', 'dead'])
    expect(receiver.events[1]).toMatchObject({ error: { code: 'ERR_LUMA_UNCONFIRMED' } })
    expect(await receiver.handler.has(TASK_ID)).toBe(false)
    isAway = false
    await send(receiver.url)
    await expect.poll(() => receiver.hooks).toEqual([TASK_ID])
    await expect.poll(() => receiver.handler.has(TASK_ID)).toBe(true)
  })
})

describe('what ended a callback that may still come true is told by its code', () => {
  const dead = (failure: { lastError?: string; failureCode?: string }) => isUnborne({ state: 'dead', ...failure })

  test.each([
    ['rejected', { failureCode: 'ERR_LUMA_FORGED', lastError: 'ForgedError: no' }],
    ['rejected by a release whose classes had other names', { failureCode: 'ERR_LUMA_FORGED', lastError: 'y: no' }],
    ['not confirmed', { failureCode: 'ERR_LUMA_UNCONFIRMED', lastError: 'UnconfirmedError: no' }],
    ['rejected by a release that kept no codes', { lastError: 'ForgedError: no' }],
    ['not confirmed by a release that kept no codes', { lastError: 'UnconfirmedError: no' }],
  ])('%s: it gets another run', (_what, failure) => {
    expect(dead(failure)).toBe(true)
    expect(isUnborne({ ...failure, state: 'pending' })).toBe(false)
  })

  test.each([
    ['a hook that failed', { failureCode: 'ECONNRESET', lastError: 'Error: no' }],
    ['a hook whose error only reads like a verdict', { failureCode: 'ECONNRESET', lastError: 'ForgedError: no' }],
    ['a hook of a release that kept no codes', { lastError: 'Error: no' }],
    ['nothing that is known', {}],
  ])('%s: it stays dead', (_what, failure) => {
    expect(dead(failure)).toBe(false)
  })
})

test('the hook has its whole time, however long somebody had to be waited for', async () => {
  const clock = fakeClock()
  const slowly = <Result>(result: Result) =>
    new Promise<Result>((resolve) => clock.setTimeout(() => resolve(result), 900))
  const options = { hookTimeout: 1_000, trust: { confirm: slowly<LumaCallback> }, onSuccess: () => slowly(undefined) }
  const { send: sendSample, events } = startReceiver(options, clock)
  const answer = sendSample(successOf())
  await clock.advance(1_800)
  expect(await answer).toMatchObject({ status: 200 })
  expect(events.map(({ type }) => type)).toEqual(['received', 'delivered'])
})

test('a hook that throws what looks like a verdict is no forgery', async () => {
  const onSuccess = () => Promise.reject(new ForgedError('says the hook'))
  const receiver = await trusting(async (callback) => callback, { onSuccess })
  await send(receiver.url)
  await expect.poll(receiver.types).toEqual(['received', 'dead'])
})

test('a callback that is handed in and whose hook had failed for good is told as dead, and not as one that is there', async () => {
  const inbox = memoryInboxes()()
  const onSuccess = () => Promise.reject(new Error('no order'))
  const { handler, url, events } = await serveReceiver({ inbox, retry: RETRY, onSuccess })
  await send(url)
  await expect.poll(() => events.at(-1)?.type).toBe('dead')
  const [first] = events
  const callback = first?.type === 'received' ? first.callback : expect.unreachable()
  expect(await handler.receive(callback)).toBe('dead')
  expect(await handler.has(TASK_ID)).toBe(false)
  expect(await handler.waitFor(TASK_ID)).toMatchObject({ taskId: TASK_ID })
})

test('a forged callback does not make who waits ask about it every second; when it is borne out, the wait ends', async () => {
  const clock = fakeClock()
  let asked = 0
  let isTrue = false
  const confirm = async (callback: LumaCallback): Promise<LumaCallback> => {
    asked++
    if (!isTrue) throw new UnconfirmedError('nobody knows')
    return callback
  }
  const entry = { raw: fixtures.success, state: 'pending' as const }
  const inbox: Inbox = {
    record: async () => 'recorded',
    get: async (key) => (key === `${TASK_ID}:success` ? entry : undefined),
    start: async () => {},
    close: async () => {},
  }
  const { handler } = startReceiver({ inbox, trust: { confirm } }, clock)
  const waiting = handler.waitFor(TASK_ID)
  await clock.advance(5 * 60_000)
  expect(asked).toBeGreaterThan(5)
  expect(asked).toBeLessThan(20)
  isTrue = true
  await clock.advance(30_000)
  expect(await waiting).toMatchObject({ taskId: TASK_ID })
})

test('an inbox that never tells of a duplicate keeps no request waiting', async () => {
  const inbox: Inbox = { ...memoryInboxes()(), record: async () => 'duplicate', get: () => new Promise(() => {}) }
  const receiver = startReceiver({ inbox, trust: { confirm: async (callback) => callback }, ackTimeout: 1_000 })
  const answer = watch(verdictOf(receiver.send(successOf())))
  await receiver.clock.advance(1_000)
  expect(answer.result).toBe('503 store_unavailable')
  await receiver.handler.close({ timeout: 1 })
})

test('a callback that was written as JSON and read again is no callback for receive()', async () => {
  const { handler } = startReceiver()
  const callback = JSON.parse(
    JSON.stringify(parseCallback({ raw: fixtures.success, query: {}, receivedAt: new Date() })),
  )
  await expect(handler.receive(callback)).rejects.toThrow(/receivedAt is no Date/)
})
