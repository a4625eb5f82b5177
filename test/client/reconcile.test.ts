import { confirm, reconcile, trackTasks, type ReconcileOptions } from '@luma-callback/client'
import { sqliteInbox } from '@luma-callback/sqlite'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { clientOf, fakeApi, serveReceiver } from '../helpers/api.ts'
import { newDirectory } from '../helpers/origin.ts'
import { fixtures, SECRET, signedHeaders, TASK_ID } from '../helpers/signed.ts'
import { simulate } from '../helpers/simulator.ts'
import { post } from '../helpers/wire.ts'
import { apiOf, durable, LONG_AGO, open, start, succeeded } from './reconciler.ts'
import { untilAtLeast } from '../helpers/patience.ts'

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
  await tasks.add(taskId, LONG_AGO)
  await tasks.add('young', new Date())
  const { reconciler } = start({
    client: clientOf(api),
    receiver: receiver.handler,
    pending: tasks,
    overdueAfter: 1_800_000,
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
    await tasks.add(taskId, LONG_AGO)
    ids.push(taskId)
  }
  await simulator.idle()
  await untilAtLeast(1_000, () => receiver.hooks.length)
  await untilAtLeast(0, () => -tasks.pending().length)
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
  await tasks.add('t', LONG_AGO)
  start({ client, receiver: receiver.handler, pending: tasks })
  await expect.poll(() => receiver.events.map(({ type }) => type)).toContain('dead')
  data.successFlag = 1
  await expect.poll(() => got).toEqual([['https://true.example/x.mp4']])
  await expect.poll(() => tasks.pending()).toEqual([])
})

test('an outage of the API that outlasts every run costs no result: what was found gives the callback its hook', async () => {
  let isDown = true
  const data = { taskId: 't', successFlag: 1, response: { resultUrls: ['https://true.example/x.mp4'] } }
  const api = await fakeApi(() => (isDown ? { body: null } : { body: { code: 200, msg: '', data } }))
  const client = clientOf(api)
  const retry = { attempts: 2, minDelay: 1, maxDelay: 5 }
  const receiver = await durable({ trust: confirm(client), hookTimeout: 50, retry })
  const body = JSON.stringify({ code: 200, msg: '', data: { taskId: 't', resultUrls: data.response.resultUrls } })
  await post(receiver.url, body, signedHeaders('t'))
  await expect.poll(() => receiver.events.map(({ type }) => type)).toContain('dead')
  const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
  onTestFinished(() => tasks.close())
  await tasks.add('t', LONG_AGO)
  const { events } = start({ client, receiver: receiver.handler, pending: tasks })
  await expect.poll(() => events.map(({ type }) => type)).toContain('error')
  expect(tasks.pending()).toHaveLength(1)
  isDown = false
  await expect.poll(() => receiver.hooks).toEqual(['t'])
  await expect.poll(() => tasks.pending()).toEqual([])
  expect(events.filter(({ type }) => type === 'found')).toHaveLength(1)
})

test('a task whose callback is dead stays open, and is told as such; requeued, it is done', async () => {
  let isBroken = true
  const onSuccess = async (): Promise<void> => {
    if (isBroken) throw new Error('no order')
  }
  const inbox = memoryInboxes()()
  const retry = { attempts: 1, minDelay: 1, maxDelay: 1 }
  const receiver = await serveReceiver({ inbox, onSuccess, retry })
  const api = await apiOf(succeeded)
  await post(receiver.url, fixtures.success, signedHeaders())
  await expect.poll(() => receiver.events.at(-1)?.type).toBe('dead')
  const tasks = trackTasks(join(newDirectory(), 'tasks.db'))
  onTestFinished(() => tasks.close())
  await tasks.add(TASK_ID, LONG_AGO)
  const { events, reconciler } = start({ client: clientOf(api), receiver: receiver.handler, pending: tasks })
  await expect.poll(() => events[0]).toMatchObject({ type: 'found', recorded: 'dead' })
  expect(tasks.pending()).toHaveLength(1)
  isBroken = false
  await inbox.requeue()
  await expect.poll(() => tasks.pending()).toEqual([])
  await reconciler.close()
})

test('a list from which it cannot be removed now is told, and asked again; the API is not', async () => {
  const api = await apiOf(succeeded)
  const receiver = await durable()
  let fails = 2
  let listed = open('t')
  const pending = {
    add: () => {},
    pending: () => listed,
    remove: async () => {
      if (fails-- > 0) throw new Error('the list is locked')
      listed = []
    },
  }
  const { events } = start({ client: clientOf(api), receiver: receiver.handler, pending })
  await expect.poll(() => listed).toEqual([])
  expect(events.map(({ type }) => type)).toEqual(['found', 'error', 'error'])
  expect(api.asked()).toEqual(['t'])
})

const PARTS = {
  client: { details: () => {} },
  receiver: { receive: () => {}, has: () => {}, waitFor: () => {} },
  pending: () => [],
}

test.each([
  [{}, 'option "client" must be an object with the method details'],
  [{ interval: 0 }, 'option "client"'],
  [{ ...PARTS, interval: 0 }, 'option "interval" must be an integer of at least 1, in milliseconds'],
  [{ ...PARTS, interval: Infinity }, 'option "interval" must be an integer of at least 1, in milliseconds'],
  [{ ...PARTS, maxAge: NaN }, 'option "maxAge" must be an integer of at least 1, in milliseconds'],
  [{ ...PARTS, overdueAfter: -1 }, 'option "overdueAfter" must be an integer of at least 1, in milliseconds'],
  [{ ...PARTS, rate: 0.5 }, 'option "rate" must be an integer from 1 to 1000'],
  [{ ...PARTS, every: 1 }, 'unknown option "every"'],
])('options: %o', (options, message) => {
  expect(() => reconcile(options as unknown as ReconcileOptions)).toThrow(`reconcile: ${message}`)
})
