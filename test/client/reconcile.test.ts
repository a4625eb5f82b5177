import {
  confirm,
  pollResult,
  reconcile,
  trackTasks,
  type OpenTask,
  type ReconcileEvent,
  type ReconcileOptions,
} from '@luma-callback/client'
import { sqliteInbox } from '@luma-callback/sqlite'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { clientOf, fakeApi, serveReceiver, type Served } from '../helpers/api.ts'
import { newDirectory } from '../helpers/origin.ts'
import { SECRET, signedHeaders } from '../helpers/signed.ts'
import { simulate } from '../helpers/simulator.ts'
import { post } from '../helpers/wire.ts'

const LONG_AGO = new Date(Date.now() - 3_600_000)

function start(options: Pick<ReconcileOptions, 'client' | 'receiver' | 'pending'> & Partial<ReconcileOptions>) {
  const events: ReconcileEvent[] = []
  const observe = (event: ReconcileEvent) => events.push(event)
  const reconciler = reconcile({ interval: 20, overdueAfter: 1, rate: 1_000, observe, ...options })
  onTestFinished(() => reconciler.close())
  return { reconciler, events }
}

const open = (...taskIds: string[]): OpenTask[] => taskIds.map((taskId) => ({ taskId, submittedAt: LONG_AGO }))

const durable = (options = {}): Promise<Served> => serveReceiver({ inbox: memoryInboxes()(), ...options })

test('a callback that never comes: its hook runs all the same, with what a callback would have said', async () => {
  const simulator = await simulate()
  const taskId = simulator.submit({ callBackUrl: 'http://127.0.0.1:9/down?ref=17' })
  await simulator.idle()
  expect(simulator.tasks[0]?.callback).toBe('undelivered')
  const receiver = await durable()
  const { events } = start({ client: clientOf(simulator), receiver: receiver.handler, pending: () => open(taskId) })
  await expect.poll(() => receiver.hooks).toEqual([taskId])
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(receiver.hooks).toEqual([taskId])
  expect(events).toMatchObject([{ type: 'found', recorded: 'recorded', callback: { query: { ref: '17' } } }])
})

test('a failure too', async () => {
  const simulator = await simulate({ failures: 1 })
  const taskId = simulator.submit()
  await simulator.idle()
  const receiver = await durable()
  start({ client: clientOf(simulator), receiver: receiver.handler, pending: () => open(taskId) })
  await expect.poll(() => receiver.hooks).toEqual([taskId])
})

test('a task that is young is not asked about, nor one whose callback has come; the list is kept up to date', async () => {
  const api = await fakeApi(() => ({ body: { code: 404, msg: '', data: null } }))
  const simulator = await simulate({ secret: SECRET })
  const receiver = await durable()
  const taskId = simulator.submit({ callBackUrl: receiver.url })
  await simulator.idle()
  const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
  onTestFinished(() => tasks.close())
  tasks.add(taskId, LONG_AGO)
  tasks.add('young', new Date())
  const { reconciler } = start({
    client: clientOf(api),
    receiver: receiver.handler,
    pending: tasks,
    overdueAfter: 60_000,
  })
  await reconciler.sweep()
  expect(api.requests).toEqual([])
  expect(tasks.pending().map((task) => task.taskId)).toEqual(['young'])
})

test('1 000 tasks, called back late, twice, never, and at the same time as the poll: each hook runs exactly once', async () => {
  const simulator = await simulate({
    secret: SECRET,
    seed: 7,
    generationTime: [0, 1_500],
    failures: 0.2,
    duplicates: 0.3,
    cutBodies: 0.3,
    retries: 1,
    retryPause: [50],
  })
  const receiver = await serveReceiver({ inbox: sqliteInbox(join(newDirectory(), 'luma.db')), concurrency: 50 })
  const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
  onTestFinished(() => tasks.close())
  const { reconciler } = start({ client: clientOf(simulator), receiver: receiver.handler, pending: tasks })
  const ids: string[] = []
  for (let index = 0; index < 1_000; index++) {
    const callBackUrl = index % 3 === 0 ? undefined : receiver.url
    const taskId = simulator.submit({ callBackUrl })
    tasks.add(taskId, LONG_AGO)
    ids.push(taskId)
  }
  await simulator.idle()
  await expect.poll(() => receiver.hooks.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(1_000)
  await expect.poll(() => tasks.pending(), { timeout: 10_000 }).toEqual([])
  await reconciler.close()
  expect(receiver.hooks.toSorted()).toEqual(ids.toSorted())
})

test('a forged callback that is waiting to be found out does not keep the API from being asked', async () => {
  const data = { taskId: 't', successFlag: 0 as number, response: { resultUrls: ['https://true.example/x.mp4'] } }
  const api = await fakeApi(() => ({ body: { code: 200, msg: '', data } }))
  const client = clientOf(api)
  const got: string[][] = []
  const onSuccess = ({ resultUrls }: { resultUrls: readonly string[] }): void => void got.push([...resultUrls])
  const retry = { attempts: 4, minDelay: 50, maxDelay: 100 }
  const receiver = await durable({ onSuccess, trust: confirm(client), retry })
  const forged = JSON.stringify({
    code: 200,
    msg: '',
    data: { taskId: 't', resultUrls: ['https://evil.example/x.mp4'] },
  })
  expect(await post(receiver.url, forged, signedHeaders('t'))).toMatchObject({ status: 200 })
  const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
  onTestFinished(() => tasks.close())
  tasks.add('t', LONG_AGO)
  start({ client, receiver: receiver.handler, pending: tasks })
  await expect.poll(() => receiver.events.map(({ type }) => type)).toContain('dead')
  data.successFlag = 1
  await expect.poll(() => got).toEqual([['https://true.example/x.mp4']])
  await expect.poll(() => tasks.pending()).toEqual([])
})

describe('an API that does not answer as it should', () => {
  test('429: it is left alone for longer and longer, and all is found in the end', async () => {
    const simulator = await simulate({ rateLimited: 0.5, seed: 3 })
    const ids = Array.from({ length: 10 }, () => simulator.submit())
    await simulator.idle()
    const receiver = await durable()
    const client = clientOf(simulator, { retry: { attempts: 1 } })
    const { events } = start({ client, receiver: receiver.handler, pending: () => open(...ids) })
    await expect.poll(() => receiver.hooks.toSorted(), { timeout: 10_000 }).toEqual(ids.toSorted())
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
    tasks.add(taskId, LONG_AGO)
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

describe('waitFor', () => {
  const never = { pending: () => [], interval: 60_000 }

  test('resolves as soon as the callback comes', async () => {
    const receiver = await durable()
    const simulator = await simulate({ secret: SECRET, generationTime: 200 })
    const taskId = simulator.submit({ callBackUrl: receiver.url })
    const { reconciler } = start({ client: clientOf(simulator), receiver: receiver.handler, ...never })
    expect(await reconciler.waitFor(taskId, { timeout: 10_000 })).toMatchObject({ taskId, outcome: 'success' })
  })

  test('or as the API tells of it; then its hook runs too', async () => {
    const receiver = await durable()
    const simulator = await simulate({ generationTime: 100 })
    const taskId = simulator.submit()
    const { reconciler } = start({ client: clientOf(simulator), receiver: receiver.handler, pending: () => [] })
    expect(await reconciler.waitFor(taskId, { timeout: 10_000 })).toMatchObject({ taskId })
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
    expect(await reconciler.waitFor(taskId, { timeout: 5_000 })).toMatchObject({ taskId, query: { ref: '9' } })
  })

  test('what another process took is found in the inbox', async () => {
    const file = join(newDirectory(), 'luma.db')
    const [here, there] = [
      await serveReceiver({ inbox: sqliteInbox(file) }),
      await serveReceiver({ inbox: sqliteInbox(file) }),
    ]
    const simulator = await simulate({ secret: SECRET, generationTime: 100 })
    const taskId = simulator.submit({ callBackUrl: there.url })
    expect(await here.handler.waitFor(taskId, { timeout: 10_000 })).toMatchObject({ taskId })
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

describe('pollResult', () => {
  test('needs no receiver', async () => {
    const simulator = await simulate({ generationTime: 100 })
    const taskId = simulator.submit({ prompt: 'a fox' })
    const callback = await pollResult(clientOf(simulator), taskId, { interval: 20 })
    expect(callback).toMatchObject({ taskId, outcome: 'success', params: { prompt: 'a fox' } })
  })

  test('asks an API that is away again, and tells what cannot pass', async () => {
    const data = { taskId: 't', successFlag: 2, errorCode: '501', errorMessage: 'no' }
    const api = await fakeApi((count) => (count < 8 ? { body: null } : { body: { code: 200, msg: '', data } }))
    expect(await pollResult(clientOf(api), 't', { interval: 1 })).toMatchObject({
      outcome: 'failure',
      code: 501,
      msg: 'no',
    })
    const stranger = await fakeApi(() => ({ body: { code: 401, msg: 'no', data: null } }))
    await expect(pollResult(clientOf(stranger), 't')).rejects.toMatchObject({ code: 'ERR_LUMA_API_UNAUTHORIZED' })
  })

  test('gives up at its timeout', async () => {
    const api = await fakeApi(() => ({ body: { code: 200, msg: '', data: { taskId: 't', successFlag: 0 } } }))
    const waiting = pollResult(clientOf(api), 't', { interval: 60_000, timeout: 50 })
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_LUMA_WAIT_TIMEOUT' })
  })
})

describe('trackTasks', () => {
  test('keeps what was submitted, over a restart, until it is removed', async () => {
    const file = join(newDirectory(), 'tasks.db')
    const simulator = await simulate()
    const first = trackTasks(file)
    const { taskId } = await clientOf(simulator, { tasks: first }).modify({
      prompt: 'x',
      videoUrl: 'https://a.example/x.mp4',
    })
    first.add(taskId, LONG_AGO)
    first.close()
    const second = trackTasks(file)
    expect(second.pending()).toEqual([{ taskId, submittedAt: expect.any(Date) }])
    expect(second.pending()[0]?.submittedAt.getTime()).toBeGreaterThan(LONG_AGO.getTime())
    second.remove(taskId)
    expect(second.pending()).toEqual([])
    second.close()
  })

  test('a task whose id could not be noted is told with its id', async () => {
    const simulator = await simulate()
    const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
    tasks.close()
    const submitting = clientOf(simulator, { tasks }).modify({ prompt: 'x', videoUrl: 'https://a.example/x.mp4' })
    await expect(submitting).rejects.toMatchObject({ code: 'ERR_LUMA_UNTRACKED', taskId: expect.any(String) })
    await submitting.catch(({ taskId }: { taskId: string }) => expect(simulator.tasks[0]?.taskId).toBe(taskId))
  })
})

test.each([
  [{}, 'option "client" must have the methods details'],
  [{ interval: 0 }, 'option "client"'],
])('options: %o', (options, message) => {
  expect(() => reconcile(options as ReconcileOptions)).toThrow(`reconcile: ${message}`)
})
