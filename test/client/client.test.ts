import { ApiError, callbackUrl, createClient, type ClientOptions } from '@luma-callback/client'
import { parseCallback } from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { clientOf, fakeApi } from '../helpers/api.ts'
import { simulate, startTarget } from '../helpers/simulator.ts'
import { PATIENCE } from '../helpers/patience.ts'

const VIDEO = 'https://files.example/original.mp4'
const REQUEST = { prompt: 'a fox', videoUrl: VIDEO }
const ok = (data: unknown) => ({ body: { code: 200, msg: 'success', data } })
const refusal = (code: number, msg = 'no') => ({ body: { code, msg, data: null } })

async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
  return promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as ApiError,
  )
}

describe('on the simulator', () => {
  test('a task is submitted, asked about until it is finished, and its file gets a fresh link', async () => {
    const target = await startTarget()
    const simulator = await simulate()
    const client = clientOf(simulator)
    const callBackUrl = callbackUrl(`${target.url}/hook`, { ref: 'order 17' })
    const { taskId } = await client.modify({ ...REQUEST, callBackUrl, watermark: 'mine' })
    await simulator.idle()
    const details = await client.details(taskId)
    expect(details).toMatchObject({ taskId, state: 'success', successFlag: 1, errorCode: undefined })
    expect(details.createdAt).toBeInstanceOf(Date)
    expect(JSON.parse(details.promptJson ?? '')).toMatchObject({ prompt: 'a fox', waterMark: 'mine', callBackUrl })
    const link = await client.downloadUrl(details.resultUrls[0] ?? '')
    expect((await fetch(link)).status).toBe(200)
    const [arrived] = target.arrived
    expect(new URL(arrived?.url ?? '', 'http://x').searchParams.get('ref')).toBe('order 17')
  })

  test('a failure tells its code and message; a task at work tells neither', async () => {
    const simulator = await simulate({ failures: 1 })
    const client = clientOf(simulator)
    const { taskId } = await client.modify(REQUEST)
    await simulator.idle()
    expect(await client.details(taskId)).toMatchObject({ state: 'failure', errorCode: 500, resultUrls: [] })
    const slow = await simulate({ generationTime: 60_000 })
    const busy = await clientOf(slow).modify(REQUEST)
    expect(await clientOf(slow).details(busy.taskId)).toMatchObject({
      state: 'generating',
      successFlag: 0,
      completedAt: undefined,
      errorMessage: undefined,
    })
  })

  test('a success that could not be called back is one', async () => {
    const target = await startTarget((response) => response.writeHead(500).end())
    const simulator = await simulate()
    const { taskId } = await clientOf(simulator).modify({ ...REQUEST, callBackUrl: target.url })
    await simulator.idle()
    expect(await clientOf(simulator).details(taskId)).toMatchObject({ state: 'success', successFlag: 4 })
  })

  test('what it refuses is told apart', async () => {
    const simulator = await simulate({ credits: 0 })
    expect(await errorOf(clientOf(simulator).modify(REQUEST))).toMatchObject({ code: 'ERR_LUMA_API_NO_CREDITS' })
    expect(await errorOf(clientOf(simulator).details('none'))).toMatchObject({ code: 'ERR_LUMA_API_NOT_FOUND' })
    expect(await errorOf(clientOf(simulator).downloadUrl(VIDEO))).toMatchObject({ code: 'ERR_LUMA_API_INVALID' })
    const stranger = clientOf({ ...simulator, apiKey: 'another' })
    expect(await errorOf(stranger.details('none'))).toMatchObject({ code: 'ERR_LUMA_API_UNAUTHORIZED' })
  })
})

describe('the codes of the envelope', () => {
  test.each([
    [401, 'ERR_LUMA_API_UNAUTHORIZED', false],
    [402, 'ERR_LUMA_API_NO_CREDITS', false],
    [404, 'ERR_LUMA_API_NOT_FOUND', false],
    [422, 'ERR_LUMA_API_INVALID', false],
    [429, 'ERR_LUMA_API_RATE_LIMITED', true],
    [455, 'ERR_LUMA_API_MAINTENANCE', true],
    [500, 'ERR_LUMA_API_SERVER', true],
    [501, 'ERR_LUMA_API_GENERATION_FAILED', false],
    [505, 'ERR_LUMA_API_DISABLED', false],
    [418, 'ERR_LUMA_API_OTHER', false],
  ])('%i is %s, retryable: %s', async (status, code, retryable) => {
    const api = await fakeApi(() => refusal(status, 'as it says\u001b[31m'))
    const error = await errorOf(clientOf(api).details('t'))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code, retryable, status, name: 'ApiError' })
    expect(error.message).toBe(`details of task t: the API answered ${status}: as it says\\u{1b}[31m`)
    expect(api.requests).toHaveLength(retryable ? 3 : 1)
  })

  test.each([
    [500, '<html>bad gateway</html>', 'ERR_LUMA_API_SERVER', true],
    [502, '', 'ERR_LUMA_API_OTHER', true],
    [503, 'down', 'ERR_LUMA_API_OTHER', true],
    [429, 'slow down', 'ERR_LUMA_API_RATE_LIMITED', true],
    [401, 'who are you', 'ERR_LUMA_API_UNAUTHORIZED', false],
    // Of a proxy, or a wrong address: no word of the API about a task, by which a callback would count as forged.
    [404, '<html>not found</html>', 'ERR_LUMA_API_ANSWER', true],
    [200, 'not JSON', 'ERR_LUMA_API_ANSWER', true],
    [200, '{"code":"200"}', 'ERR_LUMA_API_ANSWER', true],
    [200, '{"code":200,"data":{"taskId":5}}', 'ERR_LUMA_API_ANSWER', true],
    [200, '{"code":200,"data":{"taskId":"t","successFlag":9}}', 'ERR_LUMA_API_ANSWER', true],
    [200, '{"code":200,"data":{"taskId":"another","successFlag":1}}', 'ERR_LUMA_API_ANSWER', true],
  ])('HTTP %i %s', async (status, body, code, retryable) => {
    const api = await fakeApi(() => ({ status, body }))
    expect(await errorOf(clientOf(api).details('t'))).toMatchObject({ code, retryable })
  })

  test('odd side fields do not lose a paid result', async () => {
    const data = {
      taskId: 't',
      successFlag: 1,
      response: { resultUrls: [5, 'ftp://x', VIDEO] },
      paramJson: 7,
      createTime: 'x',
    }
    const api = await fakeApi(() => ok(data))
    expect(await clientOf(api).details('t')).toMatchObject({
      resultUrls: [VIDEO],
      promptJson: undefined,
      createdAt: undefined,
    })
  })
})

describe('retries', () => {
  test('what passes is not seen; Retry-After is kept to', async () => {
    const headers = { 'retry-after': '1' }
    const api = await fakeApi((count) =>
      count === 1 ? { status: 429, headers, body: 'x' } : ok({ taskId: 't', successFlag: 0 }),
    )
    const startedAt = Date.now()
    await clientOf(api, { retry: { minDelay: 1, maxDelay: 2_000 } }).details('t')
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990)
    const patient = await fakeApi(() => ({ status: 429, headers: { 'retry-after': '60' }, body: 'x' }))
    expect(await errorOf(clientOf(patient).details('t'))).toMatchObject({ retryAfter: 60_000 })
    expect(patient.requests).toHaveLength(1)
  })

  test.each([
    ['a refusal', refusal(429), 3],
    ['maintenance', refusal(455), 3],
    ['a cut connection', { body: null }, 1],
    ['an error of its own', refusal(500), 1],
    ['an answer that cannot be read', { body: 'x' }, 1],
    ['no answer', {}, 1],
  ])('modify is sent again after %s only if nothing can have been taken', async (_, answer, times) => {
    const api = await fakeApi(() => answer)
    // Long enough for a request to arrive, where none is answered.
    const timeout = Object.keys(answer).length === 0 ? 1_000 : PATIENCE.timeout
    const error = await errorOf(clientOf(api, { timeout }).modify(REQUEST))
    expect(api.requests).toHaveLength(times)
    expect(error).toMatchObject({ retryable: true, mayHaveActed: times === 1 })
    const bold = await fakeApi(() => answer)
    await errorOf(clientOf(bold, { timeout, retrySubmissions: true }).modify(REQUEST))
    expect(bold.requests).toHaveLength(3)
  })

  test('nobody there: nothing can have been taken', async () => {
    const closed = await simulate()
    await closed.close()
    const error = await errorOf(clientOf(closed).modify(REQUEST))
    expect(error).toMatchObject({ code: 'ERR_LUMA_API_CONNECTION', retryable: true, mayHaveActed: false })
    expect(error.message).toMatch(/^modify: could not reach the API: .*ECONNREFUSED/)
  })

  test('an abort ends it with its reason, in a call and in a pause', async () => {
    const reason = new Error('stopping')
    for (const answer of [{}, refusal(455)]) {
      const api = await fakeApi(() => answer)
      const abort = new AbortController()
      setTimeout(() => abort.abort(reason), 50)
      const retry = { minDelay: 5_000, maxDelay: 5_000 }
      expect(await errorOf(clientOf(api, { retry }).details('t', { signal: abort.signal }))).toBe(reason)
    }
  })
})

describe('options', () => {
  test.each([
    [{}, 'option "apiKey" must be the key of your account; is an environment variable not set?'],
    [{ apiKey: '' }, 'option "apiKey" must be the key of your account'],
    [{ apiKey: 'k', baseUrl: 'api.kie.ai' }, 'option "baseUrl" must be an http(s) URL'],
    [
      { apiKey: 'k', baseUrl: 'https://u:secret@x' },
      'option "baseUrl" must be an http(s) URL without a name, a password',
    ],
    [{ apiKey: 'k', baseUrl: 'https://x/?a=b' }, 'option "baseUrl" must be an http(s) URL without a name, a password'],
    [{ apiKey: 'k', timeout: 0 }, 'option "timeout" must be an integer from 1 to'],
    [{ apiKey: 'k', retry: { tries: 1 } }, 'unknown option "retry.tries"'],
    [{ apiKey: 'k', fetch: 5 }, 'option "fetch" must be a function'],
    [{ apiKey: 'k', tasks: {} }, 'option "tasks" must be an object with the method add, as trackTasks(file) makes it'],
    [{ apiKey: 'k', key: 'k' }, 'unknown option "key", did you mean "apiKey"? Known are apiKey, baseUrl'],
  ])('%o: %s', (options, message) => {
    expect(() => createClient(options as ClientOptions)).toThrow(TypeError)
    expect(() => createClient(options as ClientOptions)).toThrow(`createClient: ${message}`)
  })

  test.each([
    [{ prompt: ' ', videoUrl: VIDEO }, 'option "prompt" must be a text that is not empty'],
    [{ prompt: 'x', videoUrl: '/x.mp4' }, 'option "videoUrl" must be an http(s) URL'],
    [{ prompt: 'x', videoUrl: VIDEO, callBackUrl: 'localhost:3000' }, 'option "callBackUrl" must be an http(s) URL'],
    [
      { prompt: 'x', videoUrl: VIDEO, callbackUrl: VIDEO },
      'unknown option "callbackUrl", did you mean "callBackUrl"? Known are prompt, videoUrl',
    ],
  ])('a request that would be refused is not sent: %o', async (request, message) => {
    const api = await fakeApi(() => ok({ taskId: 't' }))
    await expect(clientOf(api).modify(request)).rejects.toThrow(`modify: ${message}`)
    expect(api.requests).toHaveLength(0)
  })

  test('a fetch of your own is used', async () => {
    const asked: string[] = []
    const own: typeof fetch = async (url) => {
      asked.push(url as string)
      return Response.json({ code: 200, msg: 'success', data: { taskId: 't/?&', successFlag: 0 } })
    }
    const client = createClient({ apiKey: 'k', fetch: own })
    await client.details('t/?&')
    expect(asked).toEqual(['https://api.kie.ai/api/v1/modify/record-info?taskId=t%2F%3F%26'])
  })
})

describe('callbackUrl', () => {
  test('carries what is given, next to what is there already, and comes back as callback.query', () => {
    const url = callbackUrl('https://shop.example/hook?tenant=a&ref=old', { ref: 'ä/&=?#', price: 5 })
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({ tenant: 'a', ref: 'ä/&=?#', price: '5' })
    const query = Object.fromEntries(new URL(url).searchParams)
    const raw = JSON.stringify({ code: 501, data: { taskId: 't' } })
    expect(parseCallback({ raw, query, receivedAt: new Date() }).query['ref']).toBe('ä/&=?#')
  })

  test.each([['localhost:3000/x'], ['ftp://x'], ['']])('%j is no base', (base) => {
    expect(() => callbackUrl(base, {})).toThrow(TypeError)
  })

  test.each([
    [{ ref: undefined }, '"ref" must be a text or a number'],
    [{ ref: NaN }, '"ref" must be a text or a number'],
    [{ ref: Infinity }, '"ref" must be a text or a number'],
    [{ ref: '\ud800' }, '"ref" must be well-formed text'],
    [{ '\udfff': 'x' }, 'must be well-formed text'],
    [undefined, 'give an object of texts and numbers'],
    [null, 'give an object of texts and numbers'],
    ['ref=1', 'give an object of texts and numbers'],
  ])('what would not come back as it was is refused: %j', (query, message) => {
    const call = () => callbackUrl('https://a.example', query as never)
    expect(call).toThrow(TypeError)
    expect(call).toThrow(message)
  })
})
