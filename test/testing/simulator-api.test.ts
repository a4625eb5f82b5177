import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { call, simulate } from '../helpers/simulator.ts'
import { sendRaw } from '../helpers/wire.ts'

const GENERATE = '/api/v1/modify/generate'
const RECORD = '/api/v1/modify/record-info'
const LINK = '/api/v1/common/download-url'
const task = { prompt: 'a fox', videoUrl: 'https://files.example/fox.mp4' }

function documented(name: string): { data: object } {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))
}

describe('a task submitted', () => {
  test('is answered as documented, with an id of its own', async () => {
    const simulator = await simulate()
    const first = await call(simulator, GENERATE, { body: task })
    const second = await call(simulator, GENERATE, { body: task })
    expect(first).toEqual({ ...documented('generate.json'), status: 200, data: { taskId: expect.any(String) } })
    expect((first.data as { taskId: string }).taskId).toMatch(/^[0-9a-f]{32}$/)
    expect(first.data).not.toEqual(second.data)
  })

  test.each<[problem: string, body: unknown, names: RegExp]>([
    ['no body', '', /JSON/],
    ['no JSON', '{"prompt":', /JSON/],
    ['a list', [], /JSON object/],
    ['null', 'null', /JSON object/],
    ['no prompt', { videoUrl: task.videoUrl }, /prompt/],
    ['an empty prompt', { ...task, prompt: ' ' }, /prompt/],
    ['a prompt that is no text', { ...task, prompt: 7 }, /prompt/],
    ['no video', { prompt: 'a fox' }, /videoUrl/],
    ['a video that is no URL', { ...task, videoUrl: 'fox.mp4' }, /videoUrl/],
    ['a video of another protocol', { ...task, videoUrl: 'ftp://files.example/fox.mp4' }, /videoUrl/],
    ['a video of another kind', { ...task, videoUrl: 'https://files.example/fox.webm' }, /MP4/],
    ['a callback that is no URL', { ...task, callBackUrl: '/callback' }, /callBackUrl/],
    ['a callback of another protocol', { ...task, callBackUrl: 'file:///etc/passwd' }, /callBackUrl/],
    ['a watermark that is no text', { ...task, watermark: 1 }, /watermark/],
  ])('is refused with 422 for %s, and named', async (_problem, body, names) => {
    const simulator = await simulate()
    const { code, msg, data } = await call(simulator, GENERATE, { method: 'POST', body })
    expect({ code, data }).toEqual({ code: 422, data: null })
    expect(msg).toMatch(names)
    expect(simulator.tasks).toEqual([])
  })

  test.each([
    { ...task, callBackUrl: null, watermark: null },
    { ...task, videoUrl: 'https://files.example/fox.MOV?v=1.webm' },
    { ...task, videoUrl: 'http://files.example/videos/17' },
    { ...task, model: 'unknown fields do no harm' },
  ])('is taken: %j', async (body) => {
    expect(await call(await simulate(), GENERATE, { body })).toMatchObject({ code: 200 })
  })

  test('is refused with 402 when the credits are used up, and only then', async () => {
    const simulator = await simulate({ credits: 2 })
    const codes = []
    for (const body of [task, { prompt: '' }, task, task]) codes.push((await call(simulator, GENERATE, { body })).code)
    expect(codes).toEqual([200, 422, 200, 402])
  })

  test.each([455, 500, 501, 505] as const)('is refused with %i when that is asked for', async (unavailable) => {
    const simulator = await simulate({ unavailable })
    expect(await call(simulator, GENERATE, { body: task })).toMatchObject({
      status: 200,
      code: unavailable,
      data: null,
    })
  })

  test('is refused without HTTP as it is over HTTP', async () => {
    const simulator = await simulate({ credits: 0 })
    expect(() => simulator.submit()).toThrow(/402: .*credits/)
    expect(() => simulator.submit({ prompt: '' })).toThrow(/422: prompt/)
  })
})

describe('the key', () => {
  test.each(['', 'Bearer', 'Bearer wrong-key', 'simulator-key', 'Basic simulator-key', 'Bearer simulator-key more'])(
    'is asked for: "%s" gets 401 from every endpoint',
    async (authorization) => {
      const simulator = await simulate()
      const headers = { authorization }
      const answers = await Promise.all([
        call(simulator, GENERATE, { body: task, headers }),
        call(simulator, `${RECORD}?taskId=1`, { headers }),
        call(simulator, LINK, { body: { url: '' }, headers }),
      ])
      expect(answers.map(({ status, code }) => [status, code])).toEqual(answers.map(() => [200, 401]))
    },
  )

  test('is the one that was given', async () => {
    const simulator = await simulate({ apiKey: 'another' })
    expect(await call(simulator, GENERATE, { body: task })).toMatchObject({ code: 200 })
  })
})

describe('record-info', () => {
  test('tells a success in the fields of the documented answer', async () => {
    const simulator = await simulate()
    const taskId = simulator.submit({ prompt: 'a fox', watermark: 'mine' })
    await simulator.idle()
    const { data, ...rest } = await call(simulator, `${RECORD}?taskId=${taskId}`)
    const { data: example } = documented('record-info.json')
    expect(rest).toEqual({ status: 200, code: 200, msg: 'success' })
    expect(Object.keys(data as object)).toEqual(Object.keys(example))
    expect(data).toMatchObject({
      taskId,
      successFlag: 1,
      response: { taskId, originUrls: [expect.any(String)], resultUrls: [expect.stringContaining(simulator.url)] },
      errorCode: null,
    })
    const { paramJson } = data as { paramJson: string }
    expect(JSON.parse(paramJson)).toEqual({ prompt: 'a fox', videoUrl: expect.any(String), waterMark: 'mine' })
  })

  test('tells a task that is not finished', async () => {
    const simulator = await simulate({ generationTime: 60_000 })
    const { data } = await call(simulator, `${RECORD}?taskId=${simulator.submit()}`)
    expect(data).toMatchObject({ successFlag: 0, response: null, completeTime: null, createTime: expect.any(Number) })
  })

  test('tells both kinds of failure', async () => {
    const simulator = await simulate({ failures: 1, seed: 1 })
    const taskIds = Array.from({ length: 20 }, () => simulator.submit())
    await simulator.idle()
    const answers = await Promise.all(taskIds.map((taskId) => call(simulator, `${RECORD}?taskId=${taskId}`)))
    const records = answers.map(({ data }) => data as { successFlag: number; errorMessage: string })
    expect(new Set(records.map(({ successFlag }) => successFlag))).toEqual(new Set([2, 3]))
    for (const record of records) expect(record).toMatchObject({ response: null, errorCode: 500 })
    expect(new Set(records.map(({ errorMessage }) => errorMessage)).size).toBe(2)
  })

  test('tells a success that could not be called back, with its result', async () => {
    const simulator = await simulate({ retries: 0 })
    const taskId = simulator.submit({ callBackUrl: 'http://127.0.0.1:1/' })
    await simulator.idle()
    const { data } = await call(simulator, `${RECORD}?taskId=${taskId}`)
    expect(data).toMatchObject({ successFlag: 4, response: { resultUrls: [expect.any(String)] } })
  })

  test.each([
    ['', 422],
    ['?taskId=', 422],
    ['?taskId=nobodys', 404],
    ['?taskId=__proto__', 404],
  ])('%s is refused with %i', async (query, code) => {
    expect(await call(await simulate(), RECORD + query)).toMatchObject({ code, data: null })
  })
})

test.each([
  ['GET', GENERATE],
  ['POST', RECORD],
  ['PUT', GENERATE],
  ['POST', '/'],
  ['POST', '/constructor'],
  ['POST', `${GENERATE}/`],
  ['GET', '//'],
])('%s %s is no endpoint', async (method, path) => {
  const simulator = await simulate()
  const { code, msg } = await call(simulator, path, { method })
  expect(code).toBe(404)
  expect(msg).toContain(`POST ${GENERATE}`)
})

test('429 comes as often as asked for, for each endpoint, and takes no task', async () => {
  const simulator = await simulate({ rateLimited: 0.5, seed: 3 })
  const taskId = simulator.submit()
  const calls: Record<string, unknown> = { [GENERATE]: task, [`${RECORD}?taskId=${taskId}`]: undefined, [LINK]: {} }
  for (const [target, body] of Object.entries(calls)) {
    const codes = []
    for (let count = 0; count < 40; count++) codes.push((await call(simulator, target, { body })).code)
    const limited = codes.filter((code) => code === 429).length
    expect(limited, target).toBeGreaterThan(8)
    expect(limited, target).toBeLessThan(32)
    if (target === GENERATE) expect(simulator.tasks).toHaveLength(1 + codes.length - limited)
  }
})

describe('what is hostile', () => {
  test('a body over a megabyte is refused with 413, told in its length or not', async () => {
    const simulator = await simulate()
    const body = JSON.stringify({ ...task, prompt: 'x'.repeat(1_100_000) })
    expect(await call(simulator, GENERATE, { body })).toMatchObject({ status: 413, code: 413 })
    const port = Number(new URL(simulator.url).port)
    const start = `POST ${GENERATE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer simulator-key\r\n`
    const size = body.length.toString(16)
    const chunked = `${start}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`
    expect(await sendRaw(port, chunked)).toMatch(/^HTTP\/1\.1 413 /)
    expect(simulator.tasks).toEqual([])
  })

  test('a body that breaks off is no task, and harms nobody', async () => {
    const simulator = await simulate()
    const port = Number(new URL(simulator.url).port)
    const socket = connect(port, '127.0.0.1')
    const head = `POST ${GENERATE} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n`
    socket.write(`${head}{"prompt"`, () => socket.destroy())
    await once(socket, 'close')
    expect(await call(simulator, GENERATE, { body: task })).toMatchObject({ code: 200 })
    expect(simulator.tasks).toHaveLength(1)
  })

  test('bytes that are no HTTP are refused', async () => {
    const simulator = await simulate()
    expect(await sendRaw(Number(new URL(simulator.url).port), 'no http\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await call(simulator, GENERATE, { body: task })).toMatchObject({ code: 200 })
  })
})
