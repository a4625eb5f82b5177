// Half-sent bodies take a bounded amount of memory, and no callback is refused for them.
import * as fc from 'fast-check'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createReading } from '../../packages/core/src/request/reading.ts'
import { settlePromises } from '../helpers/clock.ts'
import { count, startReceiver, verdict, watch, type Receiver } from '../helpers/receiver.ts'
import { signedHeaders, successOf } from '../helpers/signed.ts'

const MEGABYTE = 1024 ** 2

describe('bodies that are being read', () => {
  /** Sends the first part of a body. */
  function begin({ handler, clock }: Receiver, bytes: number) {
    const stream = new PassThrough()
    const timestamp = Math.floor(clock.now() / 1_000)
    const headers = signedHeaders('a', { timestamp })
    const answer = watch(handler.handle({ method: 'POST', url: '/', headers, stream }).then(verdict))
    stream.write(Buffer.alloc(bytes, 0x20))
    return { stream, answer }
  }

  test('may bring 64 MB; beyond it the oldest is refused, and a callback that comes at once is taken', async () => {
    const receiver = startReceiver()
    const bodies = Array.from({ length: 300 }, () => begin(receiver, 250_000))
    await settlePromises()
    const most = Math.floor((64 * MEGABYTE) / 250_000)
    const verdicts = bodies.map(({ answer }) => answer.result)
    expect(verdicts.slice(0, 300 - most)).toEqual(Array.from({ length: 300 - most }, () => '503 busy'))
    expect(verdicts.slice(300 - most)).toEqual(Array.from({ length: most }, () => 'pending'))

    const { taskId, body } = successOf()
    const stream = new PassThrough()
    const whole = watch(receiver.send({ taskId, body }, { stream, rawBody: undefined }).then(verdict))
    stream.end(body)
    await settlePromises()
    expect(whole.result).toBe('200 received')

    await receiver.clock.advance(10_000)
    expect(count(bodies.map(({ answer }) => answer.result))).toEqual({
      '503 busy': 300 - most,
      '408 body_timeout': most,
    })
    const again = Array.from({ length: most }, () => begin(receiver, 250_000))
    await settlePromises()
    expect(count(again.map(({ answer }) => answer.result))).toEqual({ pending: most })
    for (const { stream: one } of again) one.destroy(new Error('the client left'))
    await settlePromises()
    expect(count(again.map(({ answer }) => answer.result))).toEqual({ '400 invalid_json': most })
  })

  test('may be larger than all of it, one at a time: how large is what bodyLimit says', () => {
    const refused: string[] = []
    const reading = createReading(1_000)
    const first = reading.begin(() => refused.push('first'))
    first.add(5_000)
    expect(refused).toEqual([])
    reading.begin(() => refused.push('second')).add(1)
    expect(refused).toEqual(['first'])
    expect(reading.bytes).toBe(1)
  })

  test('are counted to nothing, whatever they bring and however they end', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 500 }), fc.boolean()), { maxLength: 100 })
    fc.assert(
      fc.property(steps, (schedule) => {
        const reading = createReading(1_000)
        const refused: number[] = []
        const open = new Map<number, { body: ReturnType<typeof reading.begin>; bytes: number; name: number }>()
        let names = 0
        for (const [slot, bytes, ends] of schedule) {
          const name = ++names
          const one = open.get(slot) ?? { body: reading.begin(() => refused.push(name)), bytes: 0, name }
          open.set(slot, one)
          one.body.add(bytes)
          one.bytes += bytes
          if (ends) {
            one.body.end()
            open.delete(slot)
          }
          const left = [...open.values()].filter(({ name: other }) => !refused.includes(other))
          expect(reading.bytes).toBe(left.reduce((sum, { bytes: its }) => sum + its, 0))
          expect(reading.bytes <= 1_000 || left.length === 1).toBe(true)
        }
        expect(new Set(refused).size).toBe(refused.length)
        for (const { body } of open.values()) body.end()
        expect(reading.bytes).toBe(0)
      }),
    )
  })
})
