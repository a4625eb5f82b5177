import { memoryDedupe, type LumaSuccess } from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { settlePromises } from '../helpers/clock.ts'
import { heldHook, startReceiver, verdict, verdictOf, watch } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

type Call = [LumaSuccess, { attempt: number; signal: AbortSignal }]

function start(options: Parameters<typeof startReceiver>[0] = {}) {
  const held = heldHook<Call>()
  return { ...startReceiver({ onSuccess: held.hook, ...options }), ...held }
}

describe('close', () => {
  test('has nothing to wait for when nothing runs', async () => {
    const { handler, send } = start()
    await handler.close()
    expect(await verdictOf(send(successOf()))).toBe('503 closing')
  })

  test('lets a running hook finish, whose callback is answered like any other', async () => {
    const { handler, send, succeed, calls } = start()
    const answer = verdictOf(send(successOf()))
    await settlePromises()
    const closed = watch(handler.close().then(() => 'closed'))
    await settlePromises()
    expect(closed.result).toBe('pending')
    expect(calls[0]?.[1].signal.aborted).toBe(false)
    succeed()
    await settlePromises()
    expect(closed.result).toBe('closed')
    expect(await answer).toBe('200 received')
  })

  test('answers 503 from the moment it is called: come back later, on another connection', async () => {
    const { handler, send, succeed, eventsOf, calls } = start()
    const first = send(successOf())
    await settlePromises()
    const closed = handler.close()
    const answer = await send(successOf())
    expect(verdict(answer)).toBe('503 closing')
    expect(answer.headers).toMatchObject({ connection: 'close', 'retry-after': expect.stringMatching(/^\d+$/) })
    expect(eventsOf('rejected')).toMatchObject([{ status: 503, reason: 'closing' }])
    succeed()
    await Promise.all([first, closed])
    expect(calls).toHaveLength(1)
  })

  test('still says to a browser that the address is reachable', async () => {
    const { handler } = start()
    await handler.close()
    const answer = await handler.handle({ method: 'GET', url: '/', headers: {} })
    expect(verdict(answer)).toBe('405 method_not_allowed')
  })

  test.each([
    [undefined, 20_000],
    [{ timeout: 500 }, 500],
    [{ timeout: 0 }, 0],
  ])('aborts the signals of what still runs at its timeout (%j)', async (options, timeout) => {
    const { handler, send, clock, calls } = start({ ackTimeout: 14_000 })
    const early = send(successOf())
    await clock.advance(13_000)
    const late = verdictOf(send(successOf()))
    await settlePromises()
    const closed = watch(handler.close(options).then(() => 'closed'))
    if (timeout > 0) {
      await clock.advance(timeout - 1)
      expect(closed.result).toBe('pending')
      expect(calls.map(([, { signal }]) => signal.aborted)).toEqual([false, false])
    }
    await clock.advance(1)
    expect(calls.map(([, { signal }]) => signal.aborted)).toEqual([true, true])
    expect(calls[0]?.[1].signal.reason).toMatchObject({ code: 'ERR_LUMA_CLOSED' })
    expect(closed.result).toBe('closed')
    expect(verdict(await early)).toBe(timeout < 1_000 ? '503 closing' : '200 received')
    expect(await late).toBe(timeout < 14_000 ? '503 closing' : '200 received')
  })

  test('leaves the key of what it cut off free for another process', async () => {
    const dedupe = memoryDedupe()
    const { handler, send, clock } = start({ dedupe })
    const other = startReceiver({ dedupe })
    const sample = successOf()
    const answer = verdictOf(send(sample))
    await settlePromises()
    const closed = handler.close({ timeout: 100 })
    await clock.advance(100)
    await closed
    expect(await answer).toBe('503 closing')
    expect(await verdictOf(other.send(sample))).toBe('200 received')
  })

  test('tells of what was answered 200 and is cut off: it is dead', async () => {
    const { handler, send, clock, eventsOf } = start()
    const answer = send(successOf())
    await clock.advance(10_000)
    await answer
    const closed = handler.close({ timeout: 100 })
    await clock.advance(100)
    await closed
    expect(eventsOf('dead')).toMatchObject([{ attempt: 1, error: { code: 'ERR_LUMA_CLOSED' } }])
  })

  test.each(['succeed', 'fail'] as const)(
    'does not wait for the pause before a retry: its last try is now (%s)',
    async (end) => {
      const held = start({ retry: { minDelay: 200_000 } })
      const answer = held.send(successOf())
      await held.clock.advance(10_000)
      await answer
      held.fail()
      await settlePromises()
      expect(held.calls).toHaveLength(1)
      const closed = held.handler.close()
      await settlePromises()
      expect(held.calls).toHaveLength(2)
      held[end]()
      await closed
      expect(held.eventsOf(end === 'succeed' ? 'delivered' : 'dead')).toMatchObject([{ attempt: 2 }])
      expect(held.calls).toHaveLength(2)
    },
  )

  test('sends what still waits for a place back to the provider', async () => {
    const { handler, send, succeed, calls } = start({ concurrency: 1 })
    const first = verdictOf(send(successOf()))
    const second = verdictOf(send(successOf()))
    await settlePromises()
    const closed = handler.close()
    expect(await second).toBe('503 closing')
    succeed()
    await closed
    expect(await first).toBe('200 received')
    expect(calls).toHaveLength(1)
  })

  test('can be called again, and changes nothing by that', async () => {
    const { handler, send, succeed, calls, clock } = start()
    const answer = verdictOf(send(successOf()))
    await settlePromises()
    const all = Promise.all([handler.close(), handler.close({ timeout: 1 }), handler.close({ timeout: 0 })])
    await clock.advance(5_000)
    expect(calls[0]?.[1].signal.aborted).toBe(false)
    succeed()
    expect(await answer).toBe('200 received')
    await all
    await handler.close()
  })
})
