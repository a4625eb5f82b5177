import { createHmac } from 'node:crypto'
import { Readable } from 'node:stream'
import { sign, type LumaRequest } from '@luma-callback/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'
import { startReceiver, verdict, verdictOf, type Receiver } from '../helpers/receiver.ts'
import { fixtures, SECRET, signedHeaders, successOf, TASK_ID } from '../helpers/signed.ts'

const NOW = 1_755_078_480
const sample = { taskId: TASK_ID, body: fixtures.success }
const GOOD = sign({ taskId: TASK_ID, timestamp: NOW, secret: SECRET })

type Headers = LumaRequest['headers']

function start(options: Parameters<typeof startReceiver>[0] = {}, milliseconds = 0): Receiver {
  return startReceiver(options, fakeClock({ now: NOW * 1000 + milliseconds }))
}

/** The verdict on the documented success with these headers in place of the right ones. */
async function judge(headers: Headers, receiver: Receiver = start()): Promise<string> {
  return verdictOf(receiver.send(sample, { headers: { ...signedHeaders(TASK_ID, { timestamp: NOW }), ...headers } }))
}

describe('sign', () => {
  test.each([
    ['whk_test_key_1', 1755078480, '91n3vBWFFhuwqtQZ2xpRLeZgYHY94mvJYPSJylTjYbE='],
    ['whk_test_key_1', 1763900000, 'Wp9rZhNvUxDPBaAtbYUYr15WwbZ8OeHWsFmXmrMYm60='],
    ['another-key', 1755078480, 'pOYYVTKBU0K/SbJ75TopO0qMi8GE7f/HqeA4pYyh/U8='],
  ])('makes the provider’s signature (%s at %d)', (secret, timestamp, signature) => {
    expect(sign({ taskId: '774d9a7dd608a0e49293903095e45a4c', timestamp, secret })).toBe(signature)
  })
})

describe('the time of a signature', () => {
  test.each([
    [0, '200 received'],
    [-300, '200 received'],
    [300, '200 received'],
    [-301, '401 unverified'],
    [301, '401 unverified'],
    [-86_400, '401 unverified'],
    [86_400, '401 unverified'],
  ])('that is %d s off is answered %s by default', async (offset, expected) => {
    for (const milliseconds of [0, 999]) {
      const headers = signedHeaders(TASK_ID, { timestamp: NOW + offset })
      expect(await judge(headers, start({}, milliseconds))).toBe(expected)
    }
  })

  test.each([
    [-10, '200 received'],
    [10, '200 received'],
    [-11, '401 unverified'],
    [11, '401 unverified'],
  ])('that is %d s off with a tolerance of 10 is answered %s', async (offset, expected) => {
    const headers = signedHeaders(TASK_ID, { timestamp: NOW + offset })
    expect(await judge(headers, start({ tolerance: 10 }))).toBe(expected)
  })

  test.each([
    `${NOW}000`,
    `${NOW}.0`,
    `${NOW}.`,
    `+${NOW}`,
    `-${NOW}`,
    ` ${NOW}`,
    `${NOW} `,
    `${NOW}\u00a0`,
    `${NOW}\n`,
    '1755078480e0',
    '1.75507848e9',
    `0x${NOW.toString(16)}`,
    '1_755_078_480',
    `${NOW}n`,
    String(NOW).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    '',
    '0'.repeat(400),
    'NaN',
    `${NOW}, ${NOW}`,
    '1, 2',
  ])('that is written %j is refused, even if signed so', async (timestamp) => {
    expect(await judge(signedHeaders(TASK_ID, { timestamp }))).toBe('401 unverified')
  })

  test('that was sent as a list is refused, unless the list holds one', async () => {
    expect(await judge({ 'x-webhook-timestamp': [String(NOW), String(NOW)] })).toBe('401 unverified')
    expect(await judge({ 'x-webhook-timestamp': [] })).toBe('401 unverified')
    expect(await judge({ 'x-webhook-timestamp': [String(NOW)] })).toBe('200 received')
  })

  test('is part of what is signed', async () => {
    expect(await judge({ 'x-webhook-timestamp': String(NOW + 1) })).toBe('401 unverified')
  })
})

/** The same 32 bytes in another spelling: the two lowest bits of the last character before `=` mean nothing. */
function otherSpelling(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return `${signature.slice(0, 42)}${alphabet[alphabet.indexOf(signature.charAt(42)) ^ 1]}=`
}

describe('a signature', () => {
  test('of the right shape, time and key is accepted', async () => {
    expect(await judge({ 'x-webhook-signature': GOOD })).toBe('200 received')
  })

  test.each([
    ['empty', ''],
    ['one character', 'a'],
    ['43 characters, without its padding', GOOD.slice(0, 43)],
    ['45 characters', `${GOOD}=`],
    ['88 characters', GOOD + GOOD],
    ['a truncated one', GOOD.slice(0, 22)],
    ['hexadecimal', Buffer.from(GOOD, 'base64').toString('hex')],
    ['prefixed', `sha256=${GOOD}`],
    ['the url-safe alphabet', Buffer.from(GOOD, 'base64').toString('base64url')],
    ['white space around it', ` ${GOOD} `],
    ['a line break after it', `${GOOD}\n`],
    ['sent twice', `${GOOD}, ${GOOD}`],
    ['another task’s', sign({ taskId: 'other', timestamp: NOW, secret: SECRET })],
    ['another key’s', sign({ taskId: TASK_ID, timestamp: NOW, secret: 'other' })],
    ['an empty key’s', createHmac('sha256', '').update(`${TASK_ID}.${NOW}`).digest('base64')],
  ])('is refused as %s', async (_, signature) => {
    expect(await judge({ 'x-webhook-signature': signature })).toBe('401 unverified')
  })

  test('is refused in another spelling of the same bytes', async () => {
    const variant = otherSpelling(GOOD)
    expect(Buffer.from(variant, 'base64')).toEqual(Buffer.from(GOOD, 'base64'))
    expect(await judge({ 'x-webhook-signature': variant })).toBe('401 unverified')
  })

  test('is refused in the url-safe alphabet with its padding', async () => {
    const taskId = Array.from({ length: 50 }, (_, index) => `t${index}`).find((id) =>
      /[+/]/.test(sign({ taskId: id, timestamp: NOW, secret: SECRET })),
    )
    const other = successOf(taskId)
    const headers = signedHeaders(other.taskId, { timestamp: NOW })
    const urlSafe = headers['x-webhook-signature']?.replaceAll('+', '-').replaceAll('/', '_')
    const answer = await start().send(other, { headers: { ...headers, 'x-webhook-signature': urlSafe } })
    expect(verdict(answer)).toBe('401 unverified')
  })

  test('is refused as a list, unless the list holds one', async () => {
    expect(await judge({ 'x-webhook-signature': [GOOD, GOOD] })).toBe('401 unverified')
    expect(await judge({ 'x-webhook-signature': [GOOD] })).toBe('200 received')
  })

  test('of one task does not let another task’s body in', async () => {
    const receiver = start()
    const headers = signedHeaders(TASK_ID, { timestamp: NOW })
    expect(verdict(await receiver.send(successOf(), { headers }))).toBe('401 unverified')
    expect(receiver.events.map(({ type }) => type)).toEqual(['rejected'])
  })

  test.each(['x-webhook-signature', 'x-webhook-timestamp'])(
    'without %s is refused and its body unread',
    async (name) => {
      const stream = Readable.from([Buffer.from(fixtures.success)])
      const headers = { ...signedHeaders(TASK_ID, { timestamp: NOW }), [name]: undefined }
      const { method, url } = { method: 'POST', url: '/' }
      expect(verdict(await start().handler.handle({ method, url, headers, stream }))).toBe('401 unverified')
      expect(stream.readableDidRead).toBe(false)
      stream.destroy()
    },
  )
})

describe('the verifier', () => {
  const secrets = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text.trim() === text)
  const taskIds = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((id) => !/\p{Cc}/u.test(id))
  const offsets = fc.integer({ min: -300, max: 300 })
  const bodyOf = (taskId: string) => JSON.stringify({ code: 200, data: { taskId, resultUrls: ['https://a.example'] } })

  test('accepts what the reference one-liner makes, of any key, task id and time', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, taskIds, offsets, async (secret, taskId, offset) => {
        const timestamp = String(NOW + offset)
        const signature = createHmac('sha256', secret).update(`${taskId}.${timestamp}`).digest('base64')
        const headers = {
          'content-type': 'application/json',
          'x-webhook-timestamp': timestamp,
          'x-webhook-signature': signature,
        }
        const answer = await start({ secret }).send({ taskId, body: bodyOf(taskId) }, { headers })
        expect(verdict(answer)).toBe('200 received')
      }),
    )
  })

  test('refuses every change of one character of a signature', async () => {
    const receiver = start()
    const positions = fc.nat({ max: GOOD.length - 1 })
    const characters = fc.string({ unit: 'binary-ascii', minLength: 0, maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(positions, characters, async (position, character) => {
        fc.pre(character !== GOOD[position])
        const changed = GOOD.slice(0, position) + character + GOOD.slice(position + 1)
        expect(await judge({ 'x-webhook-signature': changed }, receiver)).toBe('401 unverified')
      }),
    )
  })
})
