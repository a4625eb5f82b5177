// What waits in memory is counted in bytes, as it lies there.
import { memoryDedupe, type Inbox } from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { createBudget } from '../../packages/core/src/direct/budget.ts'
import { settlePromises } from '../helpers/clock.ts'
import {
  count,
  heldHook,
  startReceiver,
  verdict,
  verdictOf,
  watch,
  type Receiver,
  type Sample,
} from '../helpers/receiver.ts'
import { signedHeaders } from '../helpers/signed.ts'

const MEGABYTE = 1024 ** 2
let tasks = 0

/** A callback whose body has nearly 250 kB, most of it in the prompt; one character in it doubles the memory of all others. */
function large(): Sample {
  return filledWith(JSON.stringify({ prompt: `雪${'x'.repeat(245_000)}` }))
}

function filledWith(promptJson: string): Sample {
  const taskId = `large-${++tasks}`
  const data = { taskId, promptJson, resultUrls: ['https://cdn.example/1.mp4'] }
  return { taskId, body: JSON.stringify({ code: 200, msg: '', data }) }
}

/** More than a receiver takes. */
const TRIES = 50

/** How many large ones it takes until it is busy. */
async function taken(receiver: Receiver, sample: () => Sample = large, tries = TRIES): Promise<number> {
  const answers = Array.from({ length: tries }, () => watch(receiver.send(sample()).then(verdict)))
  await settlePromises()
  const { pending = 0, ...others } = count(answers.map(({ result }) => result))
  expect(others).toEqual({ '503 busy': tries - pending })
  return pending
}

describe('in direct mode, what waits for hooks', () => {
  test('of bodies of 250 kB takes 64 MB; the next is refused at once, until one is done', async () => {
    const { hook, calls, succeed } = heldHook()
    const receiver = startReceiver({ onSuccess: hook, ackTimeout: 1_000, concurrency: 1_000 })
    const most = await taken(receiver)
    // Such a body is in memory three times: as it came, as the prompt's text, and as the prompt.
    expect(most).toBe(Math.floor((64 * MEGABYTE) / (2 * 3 * 246_000)))
    const detail = expect.stringMatching(
      /^callbacks that wait take \d+ of 67108864 bytes of memory; no more are taken$/,
    )
    expect(receiver.eventsOf('rejected')[0]).toMatchObject({ status: 503, reason: 'busy', detail })
    expect(calls).toHaveLength(most)
    await receiver.clock.advance(1_000)
    expect(await verdictOf(receiver.send(large()))).toBe('503 busy')
    succeed()
    await settlePromises()
    const next = watch(verdictOf(receiver.send(large())))
    await receiver.clock.advance(1_000)
    expect(next.result).toBe('200 received')
    await drain(receiver, succeed)
  })

  test.each<[string, string, number]>([
    ['80 000 empty objects', `{"a":[${'{},'.repeat(80_000)}{}]}`, 12],
    ['80 000 empty lists', `{"a":[${'[],'.repeat(80_000)}[]]}`, 12],
    ['a list of names of its own', `{${Array.from({ length: 16_000 }, (_, index) => `"n${index}":0`).join(',')}}`, 38],
  ])('is counted as it is in memory: %s', async (_, prompt, most) => {
    const { hook, succeed } = heldHook()
    const receiver = startReceiver({ onSuccess: hook, ackTimeout: 1_000, concurrency: 1_000 })
    const number = await taken(receiver, () => filledWith(prompt), 2 * most)
    expect(number).toBeGreaterThan(most / 2)
    expect(number).toBeLessThan(most * 2)
    await drain(receiver, succeed)
  })

  test('counts duplicates that wait for the first one’s answer, and gives them back', async () => {
    const { hook, succeed } = heldHook()
    const receiver = startReceiver({ onSuccess: hook, ackTimeout: 1_000, concurrency: 1_000 })
    const sample = large()
    const most = await taken(receiver, () => sample)
    expect(most).toBeLessThan(TRIES)
    succeed()
    await settlePromises()
    expect(await taken(receiver)).toBe(45)
    await drain(receiver, succeed)
  })

  test('is what retries wait for, too', async () => {
    const { hook, fail, succeed } = heldHook()
    const retry = { attempts: 2, minDelay: 1_000_000, maxDelay: 1_000_000 }
    const receiver = startReceiver({ onSuccess: hook, ackTimeout: 1_000, concurrency: 1_000, retry })
    const most = await taken(receiver)
    await receiver.clock.advance(1_000)
    for (let index = 0; index < most; index++) fail()
    await settlePromises()
    expect(receiver.eventsOf('retrying')).toHaveLength(most)
    expect(await taken(receiver, large, 2)).toBe(0)
    await drain(receiver, succeed)
  })

  test('takes one that is larger than all of it, if nothing else waits', async () => {
    const budget = createBudget(1_000)
    const hold = budget.take(5_000)
    expect(() => budget.take(1)).toThrow(expect.objectContaining({ code: 'ERR_LUMA_BUSY' }))
    hold.resize(900)
    expect(() => budget.take(101)).toThrow('callbacks that wait take 900 of 1000 bytes of memory')
    const other = budget.take(100)
    expect(() => other.resize(101)).toThrow(expect.objectContaining({ code: 'ERR_LUMA_BUSY' }))
    expect(budget.held).toBe(1_000)
    hold.release()
    hold.release()
    expect(budget.held).toBe(100)
    other.resize(5_000)
    other.release()
    expect(budget.held).toBe(0)
  })
})

/** Lets every hook succeed, those of retries too. */
async function drain({ clock }: Receiver, succeed: () => void): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (let hooks = 0; hooks < 100; hooks++) succeed()
    await clock.advance(2_000_000)
  }
}

const never = () => new Promise<never>(() => {})

describe('requests whose answer is open', () => {
  const hanging: Inbox = { record: never, start: async () => {}, close: async () => {} }

  test.each([
    ['an inbox that hangs', { inbox: hanging }, TRIES],
    ['an inbox that does not start', { inbox: { ...hanging, start: never } }, TRIES],
    ['a "verify" that hangs', { verify: never }, TRIES],
    // Not parsed yet, so that more of them have room.
    ['a "secret" that hangs', { secret: never }, 3 * TRIES],
    ['a dedupe store that hangs', { dedupe: { ...memoryDedupe(), claim: never } }, TRIES],
  ])('take 64 MB at most behind %s, and give it back when they are answered', async (_, options, tries) => {
    const receiver = startReceiver({ ackTimeout: 1_000, ...options })
    const most = await taken(receiver, large, tries)
    expect(most).toBeLessThan(tries)
    await receiver.clock.advance(1_000)
    const answers = receiver.eventsOf('rejected').map(({ reason }) => reason)
    expect(count(answers)).toEqual({ busy: tries - most, store_unavailable: most })
    expect(await taken(receiver, large, tries)).toBe(most)
    await receiver.clock.advance(1_000)
  })

  test('give it back however they end', async () => {
    const { hook, succeed } = heldHook()
    let isSlow = false
    const verify = () => (isSlow ? never() : undefined)
    const receiver = startReceiver({ onSuccess: hook, ackTimeout: 1_000, verify, concurrency: 1_000 })
    const most = await taken(receiver)
    await drain(receiver, succeed)
    for (let round = 0; round < 15; round++) {
      const sample = large()
      await receiver.send(sample, { headers: signedHeaders('another task') })
      await receiver.send({ ...sample, body: sample.body.slice(1) })
      await receiver.send({ ...sample, body: sample.body.replace('"code":200', '"code":""') })
    }
    isSlow = true
    const late = watch(verdictOf(receiver.send(large())))
    await receiver.clock.advance(1_000)
    expect(late.result).toBe('503 store_unavailable')
    isSlow = false
    expect(await taken(receiver)).toBe(most)
    await drain(receiver, succeed)
  })
})
