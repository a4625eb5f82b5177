import { confirm } from '@luma-callback/client'
import type { LumaCallback, LumaOptions } from '@luma-callback/core'
import type { Simulator } from '@luma-callback/testing'
import { describe, expect, test, vi } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { clientOf, fakeApi, serveReceiver, type Served } from '../helpers/api.ts'
import { signedHeaders } from '../helpers/signed.ts'
import { simulate } from '../helpers/simulator.ts'
import { post } from '../helpers/wire.ts'
import { PATIENCE } from '../helpers/patience.ts'

const EVIL = 'https://evil.example/x.mp4'
const RETRY = { attempts: 3, minDelay: 1, maxDelay: 5 }

function bodyOf(
  taskId: string,
  outcome: 'success' | 'failure',
  resultUrls = [EVIL],
  promptJson = '{"prompt":"forged"}',
): string {
  return outcome === 'success'
    ? JSON.stringify({ code: 200, msg: 'forged', data: { taskId, promptJson, resultUrls } })
    : JSON.stringify({ code: 501, msg: 'forged', data: { taskId, promptJson } })
}

/** A receiver that confirms with the simulator; what its hooks got is in `got`. */
async function confirming(simulator: Pick<Simulator, 'url' | 'apiKey'>, options: Partial<LumaOptions> = {}) {
  const got: LumaCallback[] = []
  const hook = (callback: LumaCallback): void => void got.push(callback)
  const served = await serveReceiver({
    onSuccess: hook,
    onFailure: hook,
    inbox: memoryInboxes()(),
    trust: confirm(clientOf(simulator)),
    retry: RETRY,
    ...options,
  })
  return { ...served, got }
}

/** Sends a body under a signature that is right: it does not cover the body. */
async function send({ url }: Served, taskId: string, body: string, query = '') {
  return post(`${url}${query}`, body, signedHeaders(taskId))
}

const typesOf = ({ events }: Served) => events.map(({ type }) => type)

describe('as trust', () => {
  test('a forged body under a valid signature achieves nothing: the hook gets what the API says', async () => {
    const simulator = await simulate()
    const callBackUrl = 'http://127.0.0.1:9/hook?ref=mine'
    const taskId = simulator.submit({ prompt: 'the true one', callBackUrl })
    await expect.poll(() => simulator.tasks[0]?.state).toBe('success')
    const receiver = await confirming(simulator)
    expect(await send(receiver, taskId, bodyOf(taskId, 'success'), '?ref=theirs')).toMatchObject({ status: 200 })
    await expect.poll(() => receiver.got).toHaveLength(1)
    const [callback] = receiver.got
    expect(callback).toMatchObject({ taskId, outcome: 'success', resultUrls: simulator.tasks[0]?.resultUrls })
    expect(callback?.params?.prompt).toBe('the true one')
    expect(callback?.query).toEqual({ ref: 'mine' })
    expect(JSON.stringify(callback)).not.toContain('forged')
    expect(JSON.stringify(callback)).not.toContain('evil')
  })

  test.each([
    ['success', 1],
    ['failure', 0],
  ] as const)('a %s that is none is dead, with a clear reason, and told as forged', async (outcome, failures) => {
    const simulator = await simulate({ failures })
    const taskId = simulator.submit()
    await simulator.idle()
    const receiver = await confirming(simulator)
    expect(await send(receiver, taskId, bodyOf(taskId, outcome))).toMatchObject({ status: 200 })
    await expect.poll(() => typesOf(receiver)).toEqual(['received', 'forged', 'dead'])
    expect(receiver.events[1]).toMatchObject({
      error: { code: 'ERR_LUMA_FORGED', message: expect.stringContaining(taskId) },
    })
    expect(receiver.got).toEqual([])
  })

  test('a task that the API does not know', async () => {
    const simulator = await simulate()
    const receiver = await confirming(simulator)
    await send(receiver, 'nobody-knows', bodyOf('nobody-knows', 'success'))
    await expect.poll(() => typesOf(receiver)).toEqual(['received', 'forged', 'dead'])
  })

  test('forged first, true second: the true one gets its hook, once', async () => {
    const simulator = await simulate({ generationTime: 60_000 })
    const taskId = simulator.submit()
    const api = await fakeApi(() => ({ body: { code: 200, msg: '', data: answer } }))
    let answer: object = { taskId, successFlag: 0 }
    const receiver = await confirming(api)
    await send(receiver, taskId, bodyOf(taskId, 'success'))
    await expect.poll(() => typesOf(receiver)).toContain('dead')
    expect(receiver.got).toEqual([])
    answer = { taskId, successFlag: 1, response: { resultUrls: ['https://true.example/x.mp4'] } }
    const truth = bodyOf(taskId, 'success', ['https://true.example/x.mp4'])
    expect(await send(receiver, taskId, truth)).toMatchObject({ status: 200 })
    await expect.poll(() => receiver.got).toHaveLength(1)
    expect(receiver.got[0]).toMatchObject({ resultUrls: ['https://true.example/x.mp4'] })
    await send(receiver, taskId, truth)
    await send(receiver, taskId, bodyOf(taskId, 'success'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(receiver.got).toHaveLength(1)
  })

  test('a callback that is quicker than the API’s record is asked about again', async () => {
    const api = await fakeApi((count) => ({
      body: {
        code: 200,
        msg: '',
        data: { taskId: 't', successFlag: count < 3 ? 0 : 1, response: { resultUrls: ['https://true.example/x.mp4'] } },
      },
    }))
    const receiver = await confirming(api)
    await send(receiver, 't', bodyOf('t', 'success'))
    await expect.poll(() => receiver.got).toHaveLength(1)
    expect(typesOf(receiver)).toEqual(['received', 'retrying', 'retrying', 'delivered'])
  })

  test.each([
    ['response null', { successFlag: 1, response: null }],
    ['no URL that can be used', { successFlag: 1, response: { resultUrls: [] } }],
    ['generating', { successFlag: 0, response: null }],
  ])('a record that is not complete yet declares no true callback forged: %s', async (_, lagging) => {
    const complete = { successFlag: 1, response: { resultUrls: ['https://true.example/x.mp4'] } }
    const api = await fakeApi((count) => ({
      body: { code: 200, msg: '', data: { taskId: 't', ...(count < 3 ? lagging : complete) } },
    }))
    const receiver = await confirming(api)
    await send(receiver, 't', bodyOf('t', 'success'))
    await expect.poll(() => receiver.got).toHaveLength(1)
    expect(receiver.got[0]).toMatchObject({ resultUrls: ['https://true.example/x.mp4'] })
    expect(typesOf(receiver)).toEqual(['received', 'retrying', 'retrying', 'delivered'])
  })

  test('a forged failure of a task whose record has no URLs yet runs no hook; a success without any is borne out', async () => {
    const api = await fakeApi(() => ({
      body: { code: 200, msg: '', data: { taskId: 't', successFlag: 1, response: null } },
    }))
    const receiver = await confirming(api)
    await send(receiver, 't', bodyOf('t', 'failure'))
    await expect.poll(() => typesOf(receiver)).toContain('dead')
    expect(receiver.got).toEqual([])
    const other = await confirming(api)
    await send(other, 't', bodyOf('t', 'success', []))
    await expect.poll(() => other.got).toMatchObject([{ outcome: 'failure', reason: 'no_result' }])
  })

  test('an outage that outlasts every run: the next delivery of the callback gets its hook', async () => {
    let isDown = true
    const data = { taskId: 't', successFlag: 1, response: { resultUrls: ['https://true.example/x.mp4'] } }
    const api = await fakeApi(() => (isDown ? { body: null } : { body: { code: 200, msg: '', data } }))
    const receiver = await confirming(api, { hookTimeout: 500, retry: { attempts: 2, minDelay: 1, maxDelay: 5 } })
    await send(receiver, 't', bodyOf('t', 'success'))
    await expect.poll(() => typesOf(receiver)).toEqual(['received', 'retrying', 'dead'])
    expect(receiver.events.at(-1)).toMatchObject({ error: { code: 'ERR_LUMA_UNCONFIRMED' } })
    isDown = false
    // The next, or, where the API is slow, one of those after it.
    await vi.waitFor(async () => {
      await send(receiver, 't', bodyOf('t', 'success'))
      expect(receiver.got).toHaveLength(1)
    }, PATIENCE)
  })

  test('an API that is down means waiting, not loss: the callback is answered 200 at once, and its hook runs when it is back', async () => {
    let isDown = true
    const data = { taskId: 't', successFlag: 4, response: { resultUrls: ['https://true.example/x.mp4'] } }
    const api = await fakeApi(() => (isDown ? { body: null } : { body: { code: 200, msg: '', data } }))
    const receiver = await confirming(api)
    expect(await send(receiver, 't', bodyOf('t', 'success'))).toMatchObject({ status: 200 })
    await expect.poll(() => api.requests.length).toBeGreaterThan(3)
    expect(receiver.got).toEqual([])
    isDown = false
    await expect.poll(() => receiver.got).toHaveLength(1)
    expect(typesOf(receiver)).toEqual(['received', 'delivered'])
  })

  test('what cannot pass, such as a wrong key, is retried by the inbox and then kept as dead, not told as forged', async () => {
    const api = await fakeApi(() => ({ body: { code: 401, msg: 'no', data: null } }))
    const receiver = await confirming(api)
    await send(receiver, 't', bodyOf('t', 'success'))
    await expect.poll(() => typesOf(receiver)).toContain('dead')
    expect(typesOf(receiver)).toEqual(['received', 'retrying', 'retrying', 'dead'])
    expect(receiver.events.at(-1)).toMatchObject({ error: { code: 'ERR_LUMA_UNCONFIRMED' } })
  })

  test('in direct mode too', async () => {
    const simulator = await simulate()
    const taskId = simulator.submit()
    await simulator.idle()
    const { handler, url, events, hooks } = await serveReceiver({ trust: confirm(clientOf(simulator)) })
    expect(await post(url, bodyOf(taskId, 'success'), signedHeaders(taskId))).toMatchObject({ status: 200 })
    expect(await post(url, bodyOf('no', 'success'), signedHeaders('no'))).toMatchObject({ status: 500 })
    expect(hooks).toEqual([taskId])
    expect(events.map(({ type }) => type)).toContain('forged')
    await handler.close()
  })
})

describe('as verify', () => {
  test('what is not borne out is answered 401, and while the API is away 503', async () => {
    const simulator = await simulate()
    const taskId = simulator.submit()
    await simulator.idle()
    const receiver = await serveReceiver({ verify: confirm(clientOf(simulator)) })
    expect(await send(receiver, taskId, bodyOf(taskId, 'success'))).toMatchObject({ status: 200 })
    expect(await send(receiver, taskId, bodyOf(taskId, 'failure'))).toMatchObject({ status: 401 })
    expect(await send(receiver, 'no', bodyOf('no', 'success'))).toMatchObject({ status: 401 })
    const down = await fakeApi(() => ({ body: null }))
    const waiting = await serveReceiver({ verify: confirm(clientOf(down)) })
    expect(await send(waiting, 't', bodyOf('t', 'success'))).toMatchObject({ status: 503 })
    expect(receiver.hooks).toEqual([taskId])
  })
})
