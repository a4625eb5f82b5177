import { createHandler, NoSecretError, StoreUnavailableError, type Secret, type Verify } from '@luma-callback/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startReceiver, verdict, verdictOf, watch } from '../helpers/receiver.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

const never = () => new Promise<never>(() => {})

describe('secrets', () => {
  test.each([
    ['the first of a list', [SECRET, 'old']],
    ['the last of a list', ['new', SECRET]],
    ['one of many', ['a', 'b', SECRET, 'c']],
    ['what a function returns', () => SECRET],
    ['a list that a function returns', () => ['new', SECRET]],
    ['what an async function resolves to', async () => SECRET],
    ['a list that an async function resolves to', async () => ['new', SECRET]],
  ] satisfies [string, Secret][])('verify by %s', async (_, secret) => {
    expect(await verdictOf(startReceiver({ secret }).send(successOf()))).toBe('200 received')
  })

  test.each([
    ['a list without it', ['new', 'old']],
    ['a function that returns another', () => 'other'],
    ['an async function that resolves to others', async () => ['new', 'old']],
  ] satisfies [string, Secret][])('refuse by %s, without an error of ours', async (_, secret) => {
    const onSuccess = vi.fn()
    const { send, events } = startReceiver({ secret, onSuccess })
    expect(await verdictOf(send(successOf()))).toBe('401 unverified')
    expect(events.map(({ type }) => type)).toEqual(['rejected'])
    expect(onSuccess).not.toHaveBeenCalled()
  })

  test('are asked of a function with the request, so that it can choose the tenant', async () => {
    const secret = vi.fn<(request: { url: string }) => string>(() => SECRET)
    await startReceiver({ secret }).send(successOf(), { url: '/hooks/tenant-7' })
    expect(secret).toHaveBeenCalledOnce()
    expect(secret.mock.calls[0]?.[0]).toMatchObject({ url: '/hooks/tenant-7', method: 'POST' })
  })

  test.each([
    ['undefined', () => undefined],
    ['undefined, later', async () => undefined],
    ['an empty text', () => ''],
    ['an empty list', () => []],
    ['a padded one', () => ` ${SECRET}`],
    ['a number', () => 5 as unknown as string],
    ['null', () => null as unknown as undefined],
  ] satisfies [string, Secret][])('refuse when the function gives %s, and tell it as an error', async (_, secret) => {
    const { send, eventsOf } = startReceiver({ secret })
    expect(await verdictOf(send(successOf()))).toBe('401 unverified')
    const [event] = eventsOf('error')
    expect(event?.error).toBeInstanceOf(NoSecretError)
    expect(event?.error.message).not.toContain(SECRET)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no database')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
  ] satisfies [string, Secret][])(
    'are unavailable when the function %s: the provider comes back',
    async (_, secret) => {
      const { send, events } = startReceiver({ secret })
      const answer = await send(successOf())
      expect(verdict(answer)).toBe('503 store_unavailable')
      expect(answer.headers).toHaveProperty('retry-after')
      expect(answer.body).not.toContain('no database')
      expect(events).toMatchObject([
        { type: 'error', error: { code: 'ERR_LUMA_STORE_UNAVAILABLE' } },
        { type: 'rejected', status: 503, reason: 'store_unavailable' },
      ])
    },
  )

  test('are unavailable when the function never settles, at the deadline', async () => {
    const { send, clock, eventsOf } = startReceiver({ secret: never })
    const answer = watch(verdictOf(send(successOf())))
    await clock.advance(9_999)
    expect(answer.result).toBe('pending')
    await clock.advance(1)
    expect(answer.result).toBe('503 store_unavailable')
    expect(eventsOf('error')[0]?.error).toBeInstanceOf(StoreUnavailableError)
  })
})

describe('the verify option', () => {
  test.each([
    ['nothing', () => {}],
    ['true', () => true],
    ['a promise', async () => {}],
    ['a promise of true', async () => true],
  ])('accepts by returning %s', async (_, verify) => {
    expect(await verdictOf(startReceiver({ verify }).send(successOf()))).toBe('200 received')
  })

  test.each([
    [
      'throwing',
      () => {
        throw new Error('hunter2')
      },
    ],
    [
      'throwing what is no Error',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error
        throw null
      },
    ],
    ['rejecting', () => Promise.reject(new Error('hunter2'))],
    ['false', () => false],
    ['a promise of false', async () => false],
    // As a program in JavaScript may; in TypeScript they do not compile.
    ...[null, 0, ''].map((no): [string, Verify] => [JSON.stringify(no), () => no as unknown as boolean]),
  ])('refuses by %s; nothing runs and the answer keeps the reason to itself', async (_, verify) => {
    const onSuccess = vi.fn()
    const { send, events } = startReceiver({ verify, onSuccess })
    const answer = await send(successOf())
    expect(verdict(answer)).toBe('401 unverified')
    expect(answer.body).not.toContain('hunter2')
    expect(events.map(({ type }) => type)).toEqual(['rejected'])
    expect(onSuccess).not.toHaveBeenCalled()
  })

  test('is given the request and the callback', async () => {
    const verify = vi.fn<(request: unknown, callback: unknown) => void>()
    const sample = successOf()
    await startReceiver({ verify }).send(sample, { url: '/?order=17' })
    const [request, callback] = verify.mock.calls[0] ?? []
    expect(request).toMatchObject({ url: '/?order=17' })
    expect(callback).toMatchObject({ taskId: sample.taskId, query: { order: '17' } })
  })

  test('is not asked about what carries a wrong signature', async () => {
    const verify = vi.fn()
    const headers = signedHeaders('another task')
    expect(await verdictOf(startReceiver({ verify }).send(successOf(), { headers }))).toBe('401 unverified')
    expect(verify).not.toHaveBeenCalled()
  })

  test('stands in for a secret that is left out', async () => {
    const verify = (_: unknown, { taskId }: { taskId: string }) => taskId === 'mine'
    const { handle } = createHandler({ onSuccess: () => {}, observe: () => {}, verify })
    const request = { method: 'POST', url: '/', headers: { 'content-type': 'application/json' } }
    expect(await verdictOf(handle({ ...request, rawBody: successOf('mine').body }))).toBe('200 received')
    expect(await verdictOf(handle({ ...request, rawBody: successOf('theirs').body }))).toBe('401 unverified')
  })

  test('that never settles is answered 503 at the deadline', async () => {
    const { send, clock } = startReceiver({ verify: never, ackTimeout: 3_000 })
    const answer = watch(verdictOf(send(successOf())))
    await clock.advance(2_999)
    expect(answer.result).toBe('pending')
    await clock.advance(1)
    expect(answer.result).toBe('503 store_unavailable')
  })
})

test('every reason for a 401 is answered in the same words', async () => {
  const sample = successOf()
  const now = Math.floor(Date.now() / 1000)
  const good = signedHeaders(sample.taskId)
  const answers = await Promise.all([
    startReceiver().send(sample, { headers: { 'content-type': 'application/json' } }),
    startReceiver().send(sample, { headers: { ...good, 'x-webhook-timestamp': '1, 2' } }),
    startReceiver().send(sample, { headers: signedHeaders(sample.taskId, { timestamp: now - 1_000 }) }),
    startReceiver().send(sample, { headers: signedHeaders(sample.taskId, { timestamp: now + 1_000 }) }),
    startReceiver().send(sample, { headers: { ...good, 'x-webhook-signature': 'short' } }),
    startReceiver().send(sample, { headers: signedHeaders('another task') }),
    startReceiver().send(sample, { headers: signedHeaders(sample.taskId, { secret: 'another' }) }),
    startReceiver({ secret: () => undefined }).send(sample),
    startReceiver({ verify: () => false }).send(sample),
  ])
  for (const answer of answers) expect(answer).toEqual(answers[0])
  expect(answers[0]?.status).toBe(401)
})

test('neither a secret nor verify means that anybody is believed, with one warning a process', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warned.mockRestore())
  createHandler({ onSuccess: () => {}, verify: () => true })
  createHandler({ onSuccess: () => {}, secret: SECRET })
  expect(warned).not.toHaveBeenCalled()
  const handlers = [0, 1, 2].map(() => createHandler({ onSuccess: () => {} }))
  expect(warned).toHaveBeenCalledOnce()
  expect(warned).toHaveBeenCalledWith(expect.any(String), expect.objectContaining({ code: 'LUMA_UNVERIFIED' }))
  const request = { method: 'POST', url: '/', headers: { 'content-type': 'application/json' } }
  for (const { handle } of handlers) {
    expect(await verdictOf(handle({ ...request, rawBody: successOf().body }))).toBe('200 received')
  }
})
