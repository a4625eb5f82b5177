import { ClosedError, type Inbox, type LumaCallback, type Recorded } from '@luma-callback/core'
import type { Deliver } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { startReceiver, verdict, watch } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

/** An inbox of a user's own, that does what the test says. */
function inboxThat(record: (callback: LumaCallback) => unknown, start: () => Promise<void> = async () => {}) {
  const inbox = {
    starts: 0,
    closed: [] as unknown[],
    deliver: undefined as Deliver | undefined,
    record: record as (callback: LumaCallback) => Promise<Recorded>,
    async start(deliver: Deliver) {
      inbox.starts++
      inbox.deliver = deliver
      await start()
    },
    async close(options?: unknown) {
      inbox.closed.push(options)
    },
  }
  return inbox satisfies Inbox
}

describe('with an inbox', () => {
  test.each([
    ['recorded', '200 received'],
    ['duplicate', '200 duplicate'],
    ['conflict', '200 duplicate'],
  ])('what it calls %s is answered %s, without waiting for a hook', async (recorded, answer) => {
    let runs = 0
    const inbox = inboxThat(() => Promise.resolve(recorded))
    const { send, events } = startReceiver({ inbox, onSuccess: () => runs++ })
    expect(verdict(await send(successOf()))).toBe(answer)
    expect(events.map(({ type }) => type)).toEqual(recorded === 'recorded' ? ['received'] : ['received', recorded])
    expect(runs).toBe(0)
  })

  test('a conflict is told with both contents, if the inbox still knows the first', async () => {
    const inbox = inboxThat(async () => 'conflict')
    const { send, eventsOf } = startReceiver({
      inbox: { ...inbox, get: async (key) => ({ raw: `the first of ${key}` }) },
    })
    const sample = successOf()
    await send(sample)
    expect(eventsOf('conflict')).toMatchObject([
      { callback: { raw: sample.body }, first: `the first of ${sample.taskId}:success` },
    ])
  })

  test('a conflict is told also when the inbox cannot be asked for the first content', async () => {
    const inbox = inboxThat(async () => 'conflict')
    const { send, eventsOf } = startReceiver({ inbox: { ...inbox, get: () => Promise.reject(new Error('gone')) } })
    expect(verdict(await send(successOf()))).toBe('200 duplicate')
    expect(eventsOf('conflict')).toMatchObject([{ first: undefined }])
  })

  test('one that does not come to start keeps no request waiting, and takes the next when it has', async () => {
    let hasStarted: () => void = () => {}
    const starting = new Promise<void>((resolve) => {
      hasStarted = resolve
    })
    const inbox = inboxThat(
      async () => 'recorded',
      () => starting,
    )
    const { send, clock, eventsOf } = startReceiver({ inbox, ackTimeout: 5_000 })
    const first = watch(send(successOf()))
    await clock.advance(5_000)
    expect(first.result).toMatchObject({ status: 503 })
    expect(eventsOf('error')).toMatchObject([{ error: { code: 'ERR_LUMA_STORE_UNAVAILABLE' } }])
    hasStarted()
    await settlePromises()
    expect(verdict(await send(successOf()))).toBe('200 received')
    expect(inbox.starts).toBe(1)
  })

  test('it is started once, by the first callback, and not before', async () => {
    const inbox = inboxThat(async () => 'recorded')
    const { send } = startReceiver({ inbox })
    expect(inbox.starts).toBe(0)
    await Promise.all([send(successOf()), send(successOf())])
    await send(successOf())
    expect(inbox.starts).toBe(1)
  })

  test('it delivers to the hooks through what it was given at its start', async () => {
    const recorded: LumaCallback[] = []
    const attempts: unknown[] = []
    const inbox = inboxThat(async (callback) => (recorded.push(callback), 'recorded'))
    const { send } = startReceiver({
      inbox,
      onSuccess: ({ taskId }, { attempt, key }) => attempts.push([taskId, attempt, key]),
    })
    const sample = successOf()
    await send(sample)
    const [callback] = recorded
    if (callback) await inbox.deliver?.(callback, { attempt: 3, signal: new AbortController().signal })
    expect(attempts).toEqual([[sample.taskId, 3, `${sample.taskId}:success`]])
  })

  test.each([
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
  ])('that %s the answer is 503, and the observer hears why', async (_how, record) => {
    const { send, eventsOf } = startReceiver({ inbox: inboxThat(record) })
    const sample = successOf()
    const answer = await send(sample)
    expect(verdict(answer)).toBe('503 store_unavailable')
    expect(answer.headers['retry-after']).toBeDefined()
    expect(answer.body).not.toContain('disk full')
    expect(eventsOf('error')).toMatchObject([
      { taskId: sample.taskId, error: { code: 'ERR_LUMA_STORE_UNAVAILABLE', cause: { message: 'disk full' } } },
    ])
  })

  test('that never answers the answer is 503 at the deadline', async () => {
    const { send, clock } = startReceiver({ inbox: inboxThat(() => new Promise(() => {})) })
    const answer = send(successOf())
    await clock.advance(10_000)
    expect(verdict(await answer)).toBe('503 store_unavailable')
  })

  test('that cannot start the answer is 503, and the next callback tries again', async () => {
    let isDown = true
    const start = async () => {
      if (isDown) throw new Error('no such directory')
    }
    const inbox = inboxThat(async () => 'recorded', start)
    const { send, handler } = startReceiver({ inbox })
    expect(verdict(await send(successOf()))).toBe('503 store_unavailable')
    await expect(handler.start()).rejects.toMatchObject({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })
    isDown = false
    expect(verdict(await send(successOf()))).toBe('200 received')
    expect(inbox.starts).toBe(3)
  })

  test('that breaks its contract is an error of ours, and nothing is answered 200', async () => {
    const { send } = startReceiver({ inbox: inboxThat(async () => true) })
    await expect(send(successOf())).rejects.toThrow(/the inbox answered true/)
  })

  test('a request whose inbox closes while it is started is told that the receiver closes', async () => {
    const inbox = inboxThat(
      async () => 'recorded',
      () => Promise.reject(new ClosedError('it was closed')),
    )
    const { send, events } = startReceiver({ inbox })
    expect(verdict(await send(successOf()))).toBe('503 closing')
    expect(events.map(({ type }) => type)).toEqual(['received', 'rejected'])
  })

  test('closing hands the timeout on, once', async () => {
    const inbox = inboxThat(async () => 'recorded')
    const { handler } = startReceiver({ inbox })
    await Promise.all([handler.close({ timeout: 5 }), handler.close({ timeout: 6 })])
    await settlePromises()
    expect(inbox.closed).toEqual([{ timeout: 5 }])
  })
})
