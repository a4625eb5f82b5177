import { pollResult, type PollOptions } from '@luma-callback/client'
import { describe, expect, test } from 'vitest'
import { clientOf, fakeApi, type FakeApi } from '../helpers/api.ts'
import { simulate } from '../helpers/simulator.ts'
import { apiOf, generating, refusal, succeeded } from './reconciler.ts'

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

describe('a record that is behind', () => {
  test.each([
    ['of a task just submitted it knows nothing yet', refusal(404)],
    ['of a success it knows no URL yet', { body: { code: 200, msg: '', data: { taskId: 't', successFlag: 1 } } }],
  ])('is asked for again: %s', async (_, behind) => {
    const api = await fakeApi((count) => (count < 4 ? behind : succeeded('t')))
    expect(await pollResult(clientOf(api), 't', { interval: 20 })).toMatchObject({ outcome: 'success' })
  })

  test('is believed after a few questions', async () => {
    const api = await apiOf((taskId) =>
      taskId === 'none' ? refusal(404) : { body: { code: 200, msg: '', data: { taskId, successFlag: 1 } } },
    )
    const options = { interval: 20 }
    await expect(pollResult(clientOf(api), 'none', options)).rejects.toMatchObject({ status: 404 })
    expect(await pollResult(clientOf(api), 't', options)).toMatchObject({ outcome: 'failure', reason: 'no_result' })
    expect(api.asked()).toEqual([...Array<string>(4).fill('none'), ...Array<string>(4).fill('t')])
  })
})

test('what the API tells of another task is not taken for this one', async () => {
  const api = await fakeApi((count) => succeeded(count < 5 ? 'another' : 't'))
  expect(await pollResult(clientOf(api), 't', { interval: 20 })).toMatchObject({ taskId: 't' })
})

test.each(['3000000', 'Fri, 31 Dec 9999 23:59:59 GMT', '9'.repeat(400)])(
  'an API that wants to be left alone until far away is not asked in between: Retry-After: %s',
  async (header) => {
    const api = await fakeApi(() => ({ status: 429, headers: { 'retry-after': header }, body: 'x' }))
    await askedOnce(api, 1)
  },
)

test.each([30 * 24 * 60 * 60_000, Infinity])('a timeout of %d ms is not over at once', async (timeout) => {
  const api = await fakeApi((count) => (count < 5 ? generating('t') : succeeded('t')))
  expect(await pollResult(clientOf(api), 't', { interval: 20, timeout })).toMatchObject({ taskId: 't' })
})

test('an interval that is longer than a timer keeps makes no busy loop', async () => {
  const api = await fakeApi(() => generating('t'))
  await askedOnce(api, 2 ** 31)
})

/** It asks, and not again in a while. */
async function askedOnce(api: FakeApi, interval: number): Promise<void> {
  const stop = new AbortController()
  const waiting = pollResult(clientOf(api), 't', { interval, signal: stop.signal })
  const ended = expect(waiting).rejects.toThrow('enough')
  await expect.poll(() => api.requests.length).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  stop.abort(new Error('enough'))
  await ended
  expect(api.requests).toHaveLength(1)
}

test.each([
  [{ interval: NaN }, 'option "interval" must be an integer of at least 1, in milliseconds'],
  [{ interval: -1 }, 'option "interval" must be an integer of at least 1, in milliseconds'],
  [{ interval: 0 }, 'option "interval" must be an integer of at least 1, in milliseconds'],
  [{ interval: Infinity }, 'option "interval" must be an integer of at least 1, in milliseconds'],
  [{ interval: 'x' }, 'option "interval" must be an integer of at least 1, in milliseconds'],
  [{ timeout: NaN }, 'option "timeout" must be a number above 0, in milliseconds'],
  [{ timeout: -1 }, 'option "timeout" must be a number above 0, in milliseconds'],
  [{ timeout: 0 }, 'option "timeout" must be a number above 0, in milliseconds'],
  [{ signal: {} }, 'option "signal" must be an AbortSignal'],
  [{ every: 5 }, 'unknown option "every", did you mean "interval"'],
])('options: %o', async (options, message) => {
  const api = await fakeApi(() => generating('t'))
  const waiting = pollResult(clientOf(api), 't', options as PollOptions)
  await expect(waiting).rejects.toThrow(new RegExp(`^pollResult: ${message}`))
  await expect(waiting).rejects.toBeInstanceOf(TypeError)
  expect(api.requests).toEqual([])
})
