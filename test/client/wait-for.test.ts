import { sqliteInbox } from '@luma-callback/sqlite'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clientOf, fakeApi, serveReceiver, type FakeAnswer } from '../helpers/api.ts'
import { newDirectory } from '../helpers/origin.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'
import { simulate } from '../helpers/simulator.ts'
import { post } from '../helpers/wire.ts'
import { apiOf, durable, refusal, start, succeeded } from './reconciler.ts'
import { PATIENCE } from '../helpers/patience.ts'

describe('waitFor', () => {
  const never = { pending: () => [], interval: 60_000 }

  test('resolves as soon as the callback comes', async () => {
    const receiver = await durable()
    const simulator = await simulate({ secret: SECRET, generationTime: 200 })
    const taskId = simulator.submit({ callBackUrl: receiver.url })
    const { reconciler } = start({ client: clientOf(simulator), receiver: receiver.handler, ...never })
    expect(await reconciler.waitFor(taskId, { timeout: PATIENCE.timeout })).toMatchObject({
      taskId,
      outcome: 'success',
    })
  })

  test('or as the API tells of it; then its hook runs too', async () => {
    const receiver = await durable()
    const simulator = await simulate({ generationTime: 100 })
    const taskId = simulator.submit()
    const { reconciler } = start({ client: clientOf(simulator), receiver: receiver.handler, pending: () => [] })
    expect(await reconciler.waitFor(taskId, { timeout: PATIENCE.timeout })).toMatchObject({ taskId })
    await expect.poll(() => receiver.hooks).toEqual([taskId])
  })

  test('also when it had come before, after a restart, with an API that is gone', async () => {
    const file = join(newDirectory(), 'luma.db')
    const first = await serveReceiver({ inbox: sqliteInbox(file) })
    const simulator = await simulate({ secret: SECRET })
    const taskId = simulator.submit({ callBackUrl: `${first.url}?ref=9` })
    await simulator.idle()
    await first.handler.close()
    const gone = await fakeApi(() => ({ body: null }))
    const second = await serveReceiver({ inbox: sqliteInbox(file) })
    const { reconciler } = start({ client: clientOf(gone), receiver: second.handler, ...never })
    expect(await reconciler.waitFor(taskId, { timeout: PATIENCE.timeout })).toMatchObject({
      taskId,
      query: { ref: '9' },
    })
  })

  test('what another process took is found in the inbox', async () => {
    const file = join(newDirectory(), 'luma.db')
    const [here, there] = [
      await serveReceiver({ inbox: sqliteInbox(file) }),
      await serveReceiver({ inbox: sqliteInbox(file) }),
    ]
    const simulator = await simulate({ secret: SECRET, generationTime: 100 })
    const taskId = simulator.submit({ callBackUrl: there.url })
    expect(await here.handler.waitFor(taskId, { timeout: PATIENCE.timeout })).toMatchObject({ taskId })
  })

  test('gives up at its timeout, its signal, and when all is closed; nothing is left behind', async () => {
    const receiver = await durable()
    const simulator = await simulate({ generationTime: 60_000 })
    const taskId = simulator.submit()
    const { reconciler } = start({ client: clientOf(simulator), receiver: receiver.handler, ...never })
    await expect(reconciler.waitFor(taskId, { timeout: 50 })).rejects.toMatchObject({ code: 'ERR_LUMA_WAIT_TIMEOUT' })
    const reason = new Error('enough')
    await expect(reconciler.waitFor(taskId, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const waiting = reconciler.waitFor(taskId)
    const ended = expect(waiting).rejects.toThrow('the reconciler was closed')
    await reconciler.close()
    await ended
  })
})

describe('an API that refuses', () => {
  const OF_ALL: [string, FakeAnswer][] = [
    ['401', refusal(401)],
    ['402', refusal(402)],
    ['505', refusal(505)],
    ['a page of something else', { status: 403, body: '<html>no</html>' }],
    ['a cut connection', { body: null }],
  ]

  test.each(OF_ALL)('does not end the wait for the callback, and is told: %s', async (_, answer) => {
    const api = await apiOf(() => answer)
    const receiver = await durable()
    const { reconciler, events } = start({ client: clientOf(api), receiver: receiver.handler, pending: () => [] })
    const { taskId, body } = successOf()
    const waiting = reconciler.waitFor(taskId, { timeout: PATIENCE.timeout })
    await expect.poll(() => events).toContainEqual({ type: 'error', taskId, error: expect.any(Error) })
    await post(receiver.url, body, signedHeaders(taskId))
    expect(await waiting).toMatchObject({ taskId, outcome: 'success' })
  })

  test('is not even asked about what is in the inbox', async () => {
    const api = await apiOf(() => refusal(401))
    const receiver = await durable()
    const { reconciler, events } = start({ client: clientOf(api), receiver: receiver.handler, pending: () => [] })
    const { taskId, body } = successOf()
    await post(receiver.url, body, signedHeaders(taskId))
    expect(await reconciler.waitFor(taskId)).toMatchObject({ taskId })
    expect(api.requests).toEqual([])
    expect(events).toEqual([])
  })

  test.each([404, 422, 501])('with its word about this task it ends it: %i', async (code) => {
    const api = await apiOf(() => refusal(code))
    const receiver = await durable()
    const { reconciler } = start({ client: clientOf(api), receiver: receiver.handler, pending: () => [] })
    await expect(reconciler.waitFor('t')).rejects.toMatchObject({ status: code })
  })

  test('and at its timeout it ends all the same', async () => {
    const api = await apiOf(() => refusal(401))
    const receiver = await durable()
    const { reconciler } = start({ client: clientOf(api), receiver: receiver.handler, pending: () => [] })
    await expect(reconciler.waitFor('t', { timeout: 100 })).rejects.toMatchObject({ code: 'ERR_LUMA_WAIT_TIMEOUT' })
    await expect(reconciler.waitFor('t', { timeout: -1 })).rejects.toThrow(TypeError)
  })
})

test('what the API told and the receiver could not take is told', async () => {
  const api = await apiOf(succeeded)
  const { handler } = await durable()
  const receiver = { ...handler, receive: async () => Promise.reject(new Error('the inbox is away')) }
  const { reconciler, events } = start({ client: clientOf(api), receiver, pending: () => [] })
  expect(await reconciler.waitFor('t')).toMatchObject({ taskId: 't' })
  expect(events).toMatchObject([{ type: 'error', taskId: 't', error: { message: 'the inbox is away' } }])
})
