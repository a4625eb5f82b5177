import { createServer } from 'node:http'
import { createHandler, type LumaCallback, type LumaHandler } from '@luma-callback/core'
import type { SimulatorEvent, SimulatorOptions } from '@luma-callback/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listen } from '../helpers/servers.ts'
import { fixtures, SECRET } from '../helpers/signed.ts'
import { simulate, startTarget, type Answer } from '../helpers/simulator.ts'
import { PATIENCE } from '../helpers/patience.ts'

/** One task at a target that answers so. */
async function runOne(answer: Answer, options: SimulatorOptions = {}) {
  const target = await startTarget(answer)
  const simulator = await simulate(options)
  simulator.submit({ callBackUrl: target.url })
  await simulator.idle()
  return { target, simulator }
}

/** Serves a handler over HTTP. */
function receive(handler: LumaHandler): Promise<{ url: string }> {
  onTestFinished(() => handler.close())
  return listen(
    createServer((request, response) => {
      const { method = '', url = '', headers } = request
      void handler.handle({ method, url, headers, stream: request }).then((answer) => {
        response.writeHead(answer.status, answer.headers).end(answer.body)
      })
    }),
  )
}

describe('a callback', () => {
  test('is what the provider documents, of the task that was submitted', async () => {
    const target = await startTarget()
    const simulator = await simulate()
    const callBackUrl = `${target.url}/luma?order=17`
    const taskId = simulator.submit({ prompt: 'a fox', videoUrl: 'https://files.example/a.mp4', callBackUrl })
    await simulator.idle()
    const [arrived] = target.arrived
    expect(arrived?.url).toBe('/luma?order=17')
    expect(arrived?.headers).toMatchObject({ 'content-type': 'application/json' })
    expect(arrived?.headers).not.toHaveProperty('x-webhook-signature')
    const example = JSON.parse(fixtures.success) as { data: object }
    expect(Object.keys(arrived?.body ?? {})).toEqual(Object.keys(example))
    expect(Object.keys(arrived?.body.data ?? {})).toEqual(Object.keys(example.data))
    expect(arrived?.body).toMatchObject({ code: 200, data: { taskId, resultUrls: simulator.tasks[0]?.resultUrls } })
    expect(JSON.parse(arrived?.body.data.promptJson ?? '')).toEqual({
      callBackUrl,
      prompt: 'a fox',
      videoUrl: 'https://files.example/a.mp4',
      waterMark: '',
    })
  })

  test('of a failure is what the provider documents', async () => {
    const { target } = await runOne((response) => response.end(), { failures: 1 })
    const example = JSON.parse(fixtures.failure) as { code: number; data: object }
    expect(target.arrived[0]?.body.code).toBe(example.code)
    expect(Object.keys(target.arrived[0]?.body.data ?? {})).toEqual(Object.keys(example.data))
  })

  test('comes as often as the share of failures asks for', async () => {
    const target = await startTarget()
    const simulator = await simulate({ failures: 0.3, seed: 4 })
    for (let count = 0; count < 100; count++) simulator.submit({ callBackUrl: target.url })
    await simulator.idle()
    const failures = target.arrived.filter(({ body }) => body.code !== 200).length
    expect(failures).toBeGreaterThan(15)
    expect(failures).toBeLessThan(45)
    expect(simulator.summary()).toMatchObject({ succeeded: 100 - failures, failed: failures, delivered: 100 })
  })

  test('does not come for a task that has no address for it', async () => {
    const simulator = await simulate()
    simulator.submit()
    await simulator.idle()
    expect(simulator.deliveries).toEqual([])
    expect(simulator.tasks).toMatchObject([{ state: 'success', callback: 'none' }])
  })

  test('comes after the time that the task takes, which is in the range', async () => {
    const target = await startTarget()
    const simulator = await simulate({ generationTime: [20, 40] })
    for (let count = 0; count < 50; count++) simulator.submit({ callBackUrl: target.url })
    const times = simulator.tasks.map(({ generationTime }) => generationTime)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(20)
    expect(Math.max(...times)).toBeLessThanOrEqual(40)
    expect(new Set(times).size).toBeGreaterThan(5)
    await simulator.idle()
    for (const { createTime, completeTime = 0, generationTime } of simulator.tasks) {
      // A timer may fire a millisecond early.
      expect(completeTime - createTime).toBeGreaterThanOrEqual(generationTime - 1)
    }
  })

  test('is signed so that core verifies it, and each task gets one hook', async () => {
    const hooks: LumaCallback[] = []
    const handler = createHandler({
      secret: SECRET,
      onSuccess: (callback) => void hooks.push(callback),
      onFailure: (callback) => void hooks.push(callback),
      observe: () => {},
    })
    const { url } = await receive(handler)
    const trouble = { failures: 0.3, duplicates: 0.5, slowBodies: 0.3, cutBodies: 0.3, outOfOrder: 0.3 }
    const simulator = await simulate({ secret: SECRET, seed: 5, retries: 20, deliveryTimeout: 2_000, ...trouble })
    for (let count = 0; count < 40; count++) simulator.submit({ callBackUrl: `${url}/luma-modify-callback` })
    await simulator.idle()
    expect(simulator.summary()).toMatchObject({ delivered: 40, undelivered: 0 })
    const outcomes = new Map(hooks.map(({ taskId, outcome }) => [taskId, outcome]))
    expect(hooks).toHaveLength(40)
    expect(outcomes).toEqual(new Map(simulator.tasks.map(({ taskId, state }) => [taskId, state])))
  })

  test('with another key is refused by core, and given up', async () => {
    const handler = createHandler({ secret: 'another', onSuccess: () => {}, observe: () => {} })
    const { url } = await receive(handler)
    const simulator = await simulate({ secret: SECRET })
    simulator.submit({ callBackUrl: `${url}/luma-modify-callback` })
    await simulator.idle()
    expect(simulator.deliveries.map(({ status }) => status)).toEqual([401, 401, 401, 401])
  })
})

describe('a callback that is not answered 200', () => {
  test.each([201, 204, 301, 400, 404, 500, 503])('but %i, is sent again three times and given up', async (status) => {
    const { target, simulator } = await runOne((response) => response.writeHead(status, { location: '/' }).end())
    expect(target.arrived).toHaveLength(4)
    expect(simulator.deliveries.map((delivery) => [delivery.kind, delivery.attempt, delivery.status])).toEqual([
      ['first', 1, status],
      ['retry', 2, status],
      ['retry', 3, status],
      ['retry', 4, status],
    ])
    expect(simulator.tasks[0]?.callback).toBe('undelivered')
    expect(simulator.summary()).toMatchObject({ delivered: 0, undelivered: 1, retries: 3 })
  })

  test('is sent again until it is, and no more', async () => {
    const { target, simulator } = await runOne((response, number) =>
      response.writeHead(number < 3 ? 500 : 200).end(`answer ${number}`),
    )
    expect(target.arrived.map(({ text }) => text)).toEqual(target.arrived.map(() => target.arrived[0]?.text))
    expect(simulator.deliveries.map(({ status, answer }) => `${status} ${answer}`)).toEqual([
      '500 answer 1',
      '500 answer 2',
      '200 answer 3',
    ])
    expect(simulator.tasks[0]?.callback).toBe('delivered')
  })

  const { timeout } = PATIENCE
  test.each<[string, Answer, RegExp, number]>([
    ['in time', () => {}, /no answer within 50 ms/, 50],
    [
      'because the connection is reset',
      (response) => response.socket?.resetAndDestroy(),
      /ECONNRESET|hang up/,
      timeout,
    ],
    ['because the connection is closed', (response) => response.destroy(), /hang up|closed|ECONNRESET/, timeout],
    ['in HTTP', (response) => response.socket?.end('garbage\r\n\r\n'), /Parse Error|HTTP/, timeout],
  ])('%s, has failed, and says why', async (_how, answer, error, deliveryTimeout) => {
    const { simulator } = await runOne(answer, { retries: 1, deliveryTimeout })
    expect(simulator.deliveries).toMatchObject([{ status: undefined }, { status: undefined }])
    expect(simulator.deliveries[0]?.error).toMatch(error)
  })

  test('because nobody listens, has failed, and says why', async () => {
    const simulator = await simulate({ retries: 0 })
    simulator.submit({ callBackUrl: 'http://127.0.0.1:1/' })
    await simulator.idle()
    expect(simulator.deliveries[0]?.error).toMatch(/ECONNREFUSED/)
  })

  test('pauses as it was told, the last pause standing for all further ones', async () => {
    const delays: number[] = []
    const observe = (event: SimulatorEvent) => event.type === 'retrying' && delays.push(event.delay)
    await runOne((response) => response.writeHead(500).end(), { retries: 4, retryPause: [3, 1], observe })
    expect(delays).toEqual([3, 1, 1, 1])
  })
})

describe('an answer that is 200', () => {
  test('counts although its body never ends', async () => {
    const { simulator } = await runOne((response) => response.writeHead(200).write('x'.repeat(10)), {
      deliveryTimeout: 2_000,
    })
    expect(simulator.deliveries).toMatchObject([{ status: 200, answer: 'x'.repeat(10) }])
  })

  test('is kept only in its beginning', async () => {
    const { simulator } = await runOne((response) => response.end('x'.repeat(5_000_000)))
    expect(simulator.deliveries[0]).toMatchObject({ status: 200, answer: 'x'.repeat(1_000) })
  })
})

describe('trouble that is asked for', () => {
  test('duplicates come after the 200, once, the same, signed anew', async () => {
    const { target, simulator } = await runOne((response) => response.end(), { duplicates: 1, secret: SECRET })
    expect(simulator.deliveries.map(({ kind }) => kind)).toEqual(['first', 'duplicate'])
    expect(target.arrived[1]?.text).toBe(target.arrived[0]?.text)
    expect(target.arrived[1]?.headers['x-webhook-signature']).toEqual(expect.any(String))
  })

  test('a duplicate that is refused is not sent again', async () => {
    const { simulator } = await runOne((response, number) => response.writeHead(number === 1 ? 200 : 500).end(), {
      duplicates: 1,
    })
    expect(simulator.deliveries.map(({ kind, status }) => [kind, status])).toEqual([
      ['first', 200],
      ['duplicate', 500],
    ])
    expect(simulator.tasks[0]?.callback).toBe('delivered')
  })

  test('contradictions tell the other outcome or other URLs, and record-info keeps to the first', async () => {
    const target = await startTarget()
    const simulator = await simulate({ contradictions: 1, failures: 0.3, seed: 8 })
    for (let count = 0; count < 20; count++) simulator.submit({ callBackUrl: target.url })
    await simulator.idle()
    const kinds = new Set<string>()
    for (const { taskId, state, resultUrls } of simulator.tasks) {
      const [first, second] = target.arrived.filter(({ body }) => body.data.taskId === taskId).map(({ body }) => body)
      expect(first?.data.resultUrls ?? []).toEqual(resultUrls)
      expect(second).not.toEqual(first)
      kinds.add(`${state}, then ${second?.code === 200 ? 'success' : 'failure'}`)
      for (const url of second?.data.resultUrls ?? []) expect((await fetch(url)).status).toBe(200)
    }
    expect(kinds).toEqual(new Set(['success, then success', 'success, then failure', 'failure, then success']))
  })

  test('callbacks out of order come after those of later tasks', async () => {
    const target = await startTarget()
    const order = async (outOfOrder: number) => {
      const simulator = await simulate({ outOfOrder, seed: 2, generationTime: 5 })
      const from = target.arrived.length
      const taskIds = Array.from({ length: 10 }, () => simulator.submit({ callBackUrl: target.url }))
      await simulator.idle()
      return target.arrived.slice(from).map(({ body }) => taskIds.indexOf(body.data.taskId))
    }
    const held = await order(0.5)
    expect(held.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(held).not.toEqual(held.toSorted((a, b) => a - b))
    expect((await order(1)).length, 'nobody waits for ever').toBe(10)
  })

  test('slow bodies take their time and arrive whole', async () => {
    const { target, simulator } = await runOne((response) => response.end(), { slowBodies: 1, deliveryTimeout: 1_000 })
    expect(target.arrived).toHaveLength(1)
    expect(simulator.deliveries[0]?.duration).toBeGreaterThan(100)
  })

  test('cut bodies break off, count as failed, and are sent again', async () => {
    const { target, simulator } = await runOne((response) => response.end(), { cutBodies: 1 })
    expect(target.arrived).toEqual([])
    await expect.poll(() => target.broken()).toBe(4)
    expect(simulator.deliveries).toHaveLength(4)
    expect(simulator.deliveries[0]).toMatchObject({ status: undefined, error: expect.stringContaining('on purpose') })
  })

  test('slow and cut bodies do no harm where the answer comes before their end', async () => {
    const server = createServer((_request, response) => response.writeHead(413, { connection: 'close' }).end())
    const { url } = await listen(server)
    const simulator = await simulate({ slowBodies: 0.5, cutBodies: 0.5, deliveryTimeout: 500, retries: 1 })
    for (let count = 0; count < 20; count++) simulator.submit({ callBackUrl: url })
    await simulator.idle()
    expect(simulator.summary()).toMatchObject({ undelivered: 20, deliveries: 40 })
  })
})
