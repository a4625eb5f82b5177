import { reconcile, trackTasks, type LumaClient, type OpenTask } from '@luma-callback/client'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi, type MockInstance } from 'vitest'
import { clientOf, fakeApi, type FakeAnswer } from '../helpers/api.ts'
import { newDirectory } from '../helpers/origin.ts'
import { simulate } from '../helpers/simulator.ts'
import { apiOf, durable, generating, LONG_AGO, open, refusal, start, succeeded } from './reconciler.ts'

const once = { retry: { attempts: 1 } }

describe('an API that does not answer as it should', () => {
  test('429: it is left alone for longer and longer, and all is found in the end', async () => {
    const simulator = await simulate({ rateLimited: 0.5, seed: 3 })
    const ids = Array.from({ length: 10 }, () => simulator.submit())
    await simulator.idle()
    const receiver = await durable()
    const client = clientOf(simulator, { retry: { attempts: 1 } })
    const { events } = start({ client, receiver: receiver.handler, pending: () => open(...ids) })
    await expect.poll(() => receiver.hooks.toSorted()).toEqual(ids.toSorted())
    const delays = events.flatMap((event) => (event.type === 'limited' ? [event.delay] : []))
    expect(delays.length).toBeGreaterThan(0)
    expect(delays.every((delay) => delay >= 40)).toBe(true)
  })

  test('down: it is told, and asked again; of the others nobody is asked meanwhile', async () => {
    let isDown = true
    const data = { taskId: 'a', successFlag: 1, response: { resultUrls: ['https://a.example/x'] } }
    const api = await fakeApi(() => (isDown ? { body: null } : { body: { code: 200, msg: '', data } }))
    const receiver = await durable()
    const client = clientOf(api, { retry: { attempts: 1 } })
    const { events, reconciler } = start({
      client,
      receiver: receiver.handler,
      pending: () => open('a', 'b'),
      interval: 60_000,
    })
    await reconciler.sweep()
    expect(events).toMatchObject([{ type: 'error', taskId: 'a' }])
    expect(api.requests).toHaveLength(1)
    isDown = false
    await reconciler.sweep()
    expect(receiver.hooks).toContain('a')
  })

  test('a task that it does not know does not keep the others from being found', async () => {
    const simulator = await simulate()
    const taskId = simulator.submit()
    await simulator.idle()
    const receiver = await durable()
    start({ client: clientOf(simulator), receiver: receiver.handler, pending: () => open('unknown', taskId) })
    await expect.poll(() => receiver.hooks).toEqual([taskId])
  })

  test('a task that never ends is given up after maxAge, which is said once', async () => {
    const simulator = await simulate({ generationTime: 60_000 })
    const taskId = simulator.submit()
    const receiver = await durable()
    const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
    onTestFinished(() => tasks.close())
    await tasks.add(taskId, LONG_AGO)
    const { events } = start({ client: clientOf(simulator), receiver: receiver.handler, pending: tasks, maxAge: 1_000 })
    await expect.poll(() => events).toMatchObject([{ type: 'abandoned', taskId }])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(events).toHaveLength(1)
    expect(tasks.pending()).toEqual([])
  })

  test('a receiver that cannot take it now is asked again', async () => {
    const simulator = await simulate()
    const taskId = simulator.submit()
    await simulator.idle()
    const receiver = await durable()
    let fails = 2
    const flaky = {
      ...receiver.handler,
      receive: async (...args: Parameters<typeof receiver.handler.receive>) => {
        if (fails-- > 0) throw new Error('the inbox is away')
        return receiver.handler.receive(...args)
      },
    }
    const { events } = start({ client: clientOf(simulator), receiver: flaky, pending: () => open(taskId) })
    await expect.poll(() => receiver.hooks).toEqual([taskId])
    expect(events.map(({ type }) => type)).toEqual(['error', 'error', 'found'])
  })

  test('a list that cannot be read is told, and read again', async () => {
    const simulator = await simulate()
    const receiver = await durable()
    let reads = 0
    const pending = (): OpenTask[] => {
      if (++reads === 1) throw new Error('no such table')
      return []
    }
    const { events } = start({ client: clientOf(simulator), receiver: receiver.handler, pending })
    await expect.poll(() => reads).toBeGreaterThan(1)
    expect(events).toMatchObject([{ type: 'error', error: { message: 'no such table' } }])
  })
})

describe('one odd task', () => {
  test.each([
    ['404', refusal(404)],
    ['422', refusal(422)],
    ['500', refusal(500)],
    ['501', refusal(501)],
    ['505', refusal(505)],
    ['a state that nobody knows', { body: { code: 200, data: { taskId: 'odd', successFlag: 9 } } }],
    ['another task', succeeded('another')],
    ['no JSON', { body: 'x' }],
  ])('keeps no other from being found, and is given up after maxAge: %s', async (_, answer: FakeAnswer) => {
    const api = await apiOf((taskId) => (taskId === 'odd' ? answer : succeeded(taskId)))
    const receiver = await durable()
    const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
    onTestFinished(() => tasks.close())
    await tasks.add('odd', new Date(LONG_AGO.getTime() - 1))
    await tasks.add('good', LONG_AGO)
    const client = clientOf(api, once)
    const { events } = start({ client, receiver: receiver.handler, pending: tasks, maxAge: 1_000 })
    await expect.poll(() => receiver.hooks).toEqual(['good'])
    await expect.poll(() => tasks.pending()).toEqual([])
    expect(events).toContainEqual({ type: 'abandoned', taskId: 'odd', age: expect.any(Number) })
  })

  test.each([
    ['no Date', { taskId: 'a', submittedAt: '2026-01-01T00:00:00Z' }, 'must have a "submittedAt" that is a valid Date'],
    ['no valid Date', { taskId: 'a', submittedAt: new Date('x') }, 'must have a "submittedAt" that is a valid Date'],
    ['no task id', { submittedAt: LONG_AGO }, 'must have a "taskId" that is a text'],
    ['nothing', undefined, 'must have a "taskId" that is a text'],
  ])('a row of the list that is wrong is told, and blocks no sweep: %s', async (_, row, message) => {
    const api = await apiOf(succeeded)
    const receiver = await durable()
    const pending = () => [row as OpenTask, ...open('good')]
    const { events } = start({ client: clientOf(api), receiver: receiver.handler, pending })
    await expect.poll(() => receiver.hooks).toEqual(['good'])
    expect(events[0]).toMatchObject({ type: 'error', error: { message: expect.stringContaining(message) } })
  })

  test('a date of another realm, as tests have it in Jest, is a date', async () => {
    const api = await apiOf(succeeded)
    const receiver = await durable()
    const submittedAt = runInNewContext(`new Date(${LONG_AGO.getTime()})`) as Date
    const pending = () => [{ taskId: 'there', submittedAt }]
    start({ client: clientOf(api), receiver: receiver.handler, pending })
    await expect.poll(() => receiver.hooks).toEqual(['there'])
  })

  test('a task of which the receiver cannot tell keeps no other from being found', async () => {
    const api = await apiOf(succeeded)
    const { handler, hooks } = await durable()
    const receiver = {
      ...handler,
      has: async (taskId: string) => (taskId === 'odd' ? Promise.reject(new Error('no')) : handler.has(taskId)),
    }
    const { events } = start({ client: clientOf(api), receiver, pending: () => open('odd', 'good') })
    await expect.poll(() => hooks).toEqual(['good'])
    expect(events[0]).toMatchObject({ type: 'error', taskId: 'odd' })
  })

  test('a success without a result is looked at again, and believed after maxAge', async () => {
    const data = { taskId: 't', successFlag: 1, response: null }
    const api = await apiOf(() => ({ body: { code: 200, msg: '', data } }))
    const receiver = await durable()
    const pending = () => open('t')
    const young = start({ client: clientOf(api), receiver: receiver.handler, pending })
    await expect.poll(() => api.asked().length).toBeGreaterThan(2)
    await young.reconciler.close()
    expect(receiver.hooks).toEqual([])
    start({ client: clientOf(api), receiver: receiver.handler, pending, maxAge: 1_000 })
    await expect.poll(() => receiver.hooks).toEqual(['t'])
  })
})

describe('what the API would say of every task', () => {
  test.each([
    ['401', refusal(401)],
    ['402', refusal(402)],
    ['429', refusal(429)],
    ['455', refusal(455)],
    ['a cut connection', { body: null }],
    ['no answer', {}],
  ])('ends a sweep, and the next begins with another task: %s', async (_, answer: FakeAnswer) => {
    const api = await apiOf(() => answer)
    const receiver = await durable()
    const asked: string[] = []
    const { details } = clientOf(api, { ...once, timeout: answer.body === undefined ? 50 : 10_000 })
    const client: Pick<LumaClient, 'details'> = {
      details(taskId, options) {
        asked.push(taskId)
        return details(taskId, options)
      },
    }
    const pending = () => open('a', 'b', 'c')
    const { reconciler } = start({ client, receiver: receiver.handler, pending, interval: 600_000 })
    for (let sweeps = 0; sweeps < 4; sweeps++) await reconciler.sweep()
    expect(asked).toEqual(['a', 'b', 'c', 'a'])
  })

  test('makes nobody give up on a task after maxAge, for its result may be there; only when it can be no more', async () => {
    const api = await apiOf(() => refusal(401))
    const receiver = await durable()
    const days = (count: number) => new Date(Date.now() - count * 24 * 60 * 60_000)
    const pending = () => [
      { taskId: 'old', submittedAt: days(13) },
      { taskId: 'lost', submittedAt: days(15) },
    ]
    const { reconciler, events } = start({
      client: clientOf(api),
      receiver: receiver.handler,
      pending,
      interval: 600_000,
    })
    for (let sweeps = 0; sweeps < 4; sweeps++) await reconciler.sweep()
    expect(events.filter(({ type }) => type === 'abandoned')).toMatchObject([{ taskId: 'lost' }])
  })
})

describe('an observer that fails', () => {
  let complaints: MockInstance<typeof console.error>
  beforeEach(() => void (complaints = vi.spyOn(console, 'error').mockImplementation(() => {})))
  afterEach(() => complaints.mockRestore())

  test.each([
    [
      'throws',
      () => {
        throw new Error('no log')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no log'))],
    [
      'gives what only looks like a promise',
      // oxlint-disable-next-line unicorn/no-thenable
      () => ({ then: (_: unknown, no: (e: Error) => void) => no(new Error('no log')) }),
    ],
  ])('and %s ends neither the process nor a sweep', async (_, observe) => {
    const api = await apiOf((taskId) => (taskId === 'odd' ? refusal(404) : succeeded(taskId)))
    const receiver = await durable()
    const pending = () => open('odd', 'good')
    start({ client: clientOf(api), receiver: receiver.handler, pending, observe })
    await expect.poll(() => receiver.hooks).toEqual(['good'])
    expect(complaints).toHaveBeenCalledWith('luma-callback: the function given as "observe" failed: no log')
  })

  test('without one, what someone should look at is printed, and what is found is not', async () => {
    const api = await apiOf((taskId) => (taskId === 'odd' ? refusal(404) : succeeded(taskId)))
    const receiver = await durable()
    const pending = () => open('odd', 'good')
    const client = clientOf(api)
    const reconciler = reconcile({ client, receiver: receiver.handler, pending, overdueAfter: 1, interval: 60_000 })
    onTestFinished(() => reconciler.close())
    await reconciler.sweep()
    expect(receiver.hooks).toEqual(['good'])
    expect(complaints.mock.calls).toEqual([['luma-callback: task odd: details of task odd: the API answered 404: no']])
  })
})

describe('age', () => {
  test('a task is asked about until maxAge and then not any more, which is said', async () => {
    const api = await apiOf(generating)
    const receiver = await durable()
    let submittedAt = new Date()
    const pending = () => [{ taskId: 't', submittedAt }]
    const parts = { client: clientOf(api), receiver: receiver.handler, pending }
    const { events, reconciler } = start({ ...parts, maxAge: 1_800_000 })
    await expect.poll(() => api.asked().length).toBeGreaterThan(0)
    expect(events).toEqual([])
    submittedAt = LONG_AGO
    await expect.poll(() => events).toMatchObject([{ type: 'abandoned', taskId: 't' }])
    const asked = api.asked().length
    for (let sweeps = 0; sweeps < 3; sweeps++) await reconciler.sweep()
    expect(api.asked()).toHaveLength(asked)
    expect(events).toHaveLength(1)
  })
})
