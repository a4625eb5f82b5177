import type { LumaSuccess } from '@luma-callback/core'
import { memoryDedupeOn } from '@luma-callback/core/internal'
import { describe, expect, test, vi } from 'vitest'
import { count, heldHook, startReceiver, verdict, verdictOf, watch } from '../helpers/receiver.ts'
import { fakeClock, settlePromises } from '../helpers/clock.ts'
import { failureOf, successOf } from '../helpers/signed.ts'

/** The documented success once more, of another content. */
function tampered({ taskId, body }: { taskId: string; body: string }) {
  return { taskId, body: body.replace('tempfile.aiquickdraw.com/l/', 'evil.example/') }
}

describe('a hook', () => {
  test('runs once for its callback and is done before the answer', async () => {
    const { hook, calls, succeed } = heldHook<[LumaSuccess, { attempt: number; key: string }]>()
    const { send, events } = startReceiver({ onSuccess: hook })
    const sample = successOf()
    const answer = watch(verdictOf(send(sample, { url: '/?order=17' })))
    await settlePromises()
    expect(answer.result).toBe('pending')
    succeed()
    await settlePromises()
    expect(answer.result).toBe('200 received')
    expect(calls).toMatchObject([
      [
        { taskId: sample.taskId, query: { order: '17' }, raw: sample.body },
        { attempt: 1, key: `${sample.taskId}:success` },
      ],
    ])
    expect(events.map(({ type }) => type)).toEqual(['received', 'delivered'])
  })

  test('runs once for a hundred that arrive at once, of which exactly one is told that it was received', async () => {
    const { hook, calls, succeed } = heldHook<[LumaSuccess]>()
    const { send, eventsOf } = startReceiver({ onSuccess: hook })
    const sample = successOf()
    const answers = Promise.all(Array.from({ length: 100 }, () => verdictOf(send(sample))))
    await settlePromises()
    succeed()
    expect(count(await answers)).toEqual({ '200 received': 1, '200 duplicate': 99 })
    expect(calls).toHaveLength(1)
    expect(eventsOf('duplicate')).toHaveLength(99)
  })

  test('does not run again for what comes later, until the retention is over', async () => {
    const onSuccess = vi.fn()
    const clock = fakeClock()
    const { send } = startReceiver({ onSuccess, retention: 3_600_000, dedupe: memoryDedupeOn(clock) }, clock)
    const sample = successOf()
    await send(sample)
    await clock.advance(3_599_999)
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    await clock.advance(1)
    expect(await verdictOf(send(sample))).toBe('200 received')
    expect(onSuccess).toHaveBeenCalledTimes(2)
  })

  test('is remembered by the handler’s own clock when no store is given', async () => {
    const { send, clock } = startReceiver({ retention: 3_600_000 })
    const sample = successOf()
    await send(sample)
    await clock.advance(3_600_000)
    expect(await verdictOf(send(sample))).toBe('200 received')
  })

  test('runs for a failure and for a success of one task', async () => {
    const onSuccess = vi.fn()
    const onFailure = vi.fn()
    const { send } = startReceiver({ onSuccess, onFailure })
    const { taskId, body } = failureOf()
    expect(await verdictOf(send({ taskId, body }))).toBe('200 received')
    expect(await verdictOf(send(successOf(taskId)))).toBe('200 received')
    expect(onFailure).toHaveBeenCalledOnce()
    expect(onSuccess).toHaveBeenCalledOnce()
  })

  test('runs once for what the option key calls the same', async () => {
    const onSuccess = vi.fn()
    const { send } = startReceiver({ onSuccess, key: ({ query }) => query['order'] ?? 'none' })
    await send(successOf('a'), { url: '/?order=17' })
    expect(await verdictOf(send(successOf('a'), { url: '/?order=17' }))).toBe('200 duplicate')
    expect(await verdictOf(send(successOf('a'), { url: '/?order=18' }))).toBe('200 received')
    expect(onSuccess).toHaveBeenCalledTimes(2)
  })

  test('that sends its own callback here again is not stuck for good, nor run again', async () => {
    const verdicts: string[] = []
    const sample = successOf()
    const receiver = startReceiver({
      onSuccess: async () => void verdicts.push(await verdictOf(receiver.send(sample))),
    })
    const answer = watch(verdictOf(receiver.send(sample)))
    await receiver.clock.advance(10_000)
    expect(answer.result).toBe('200 received')
    expect(verdicts).toHaveLength(1)
    expect(receiver.eventsOf('delivered')).toHaveLength(1)
  })

  test('that is missing for a failure is told as an error; the failure is acknowledged', async () => {
    const { send, eventsOf } = startReceiver()
    const sample = failureOf()
    expect(await verdictOf(send(sample))).toBe('200 received')
    expect(eventsOf('error')).toMatchObject([{ taskId: sample.taskId, error: { code: 'ERR_LUMA_NO_HOOK' } }])
    expect(await verdictOf(send(sample))).toBe('200 duplicate')
    expect(eventsOf('error')).toHaveLength(1)
  })
})

describe('the same key with another content', () => {
  test('is acknowledged and reported with both contents at hand, and not handled', async () => {
    const onSuccess = vi.fn()
    const { send, eventsOf } = startReceiver({ onSuccess })
    const sample = successOf()
    await send(sample)
    expect(await verdictOf(send(tampered(sample)))).toBe('200 duplicate')
    expect(onSuccess).toHaveBeenCalledOnce()
    expect(eventsOf('conflict')).toMatchObject([{ callback: { raw: tampered(sample).body }, first: sample.body }])
    expect(eventsOf('duplicate')).toEqual([])
  })

  test('waits while the first is at work, and is not handled even then', async () => {
    const { hook, calls, succeed } = heldHook<[LumaSuccess]>()
    const { send, eventsOf } = startReceiver({ onSuccess: hook })
    const sample = successOf()
    const first = verdictOf(send(sample))
    const second = verdictOf(send(tampered(sample)))
    await settlePromises()
    succeed()
    expect(await Promise.all([first, second])).toEqual(['200 received', '200 duplicate'])
    expect(calls).toHaveLength(1)
    expect(eventsOf('conflict')).toHaveLength(1)
  })

  test('is the same content when only the white space differs', async () => {
    const { send, eventsOf } = startReceiver()
    const { taskId, body } = successOf()
    await send({ taskId, body })
    const respaced = { taskId, body: JSON.stringify(JSON.parse(body)) }
    expect(verdict(await send(respaced))).toBe('200 duplicate')
    expect(eventsOf('conflict')).toEqual([])
  })
})

describe('the option concurrency', () => {
  test('bounds how many hooks run at once; the others run in the order they came', async () => {
    const { hook, calls, succeed } = heldHook<[LumaSuccess]>()
    const { send } = startReceiver({ onSuccess: hook, concurrency: 2 })
    const taskIds = ['a', 'b', 'c', 'd', 'e']
    const answers = Promise.all(taskIds.map((taskId) => verdictOf(send(successOf(taskId)))))
    for (const running of [2, 3, 4, 5, 5]) {
      await settlePromises()
      expect(calls).toHaveLength(running)
      succeed()
    }
    expect(count(await answers)).toEqual({ '200 received': 5 })
    expect(calls.map(([{ taskId }]) => taskId)).toEqual(taskIds)
  })

  test('gives the place of a hook that hangs to the next after hookTimeout', async () => {
    const { hook, calls, succeed } = heldHook<[LumaSuccess]>()
    const { send, clock } = startReceiver({ onSuccess: hook, concurrency: 1, hookTimeout: 2_000 })
    const answers = Promise.all([verdictOf(send(successOf('hangs'))), verdictOf(send(successOf('next')))])
    await clock.advance(2_000)
    expect(calls).toHaveLength(2)
    succeed()
    succeed()
    expect(await answers).toEqual(['500 hook_failed', '200 received'])
  })
})
