import { parseCallback } from '@luma-callback/core'
import { sampleCallback, signedRequest } from '@luma-callback/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FAMILY_BODIES } from '../helpers/families.ts'
import { startReceiver, verdict } from '../helpers/receiver.ts'
import { fixtures, SECRET } from '../helpers/signed.ts'

const shape = (body: string) => {
  const { data, ...rest } = JSON.parse(body) as { data: { promptJson: string } }
  return [Object.keys(rest), Object.keys(data), Object.keys(JSON.parse(data.promptJson) as object)]
}

test('a sample has the fields of the documented callback, in their order', () => {
  expect(shape(sampleCallback().raw)).toEqual(shape(fixtures.success))
  expect(shape(sampleCallback({ outcome: 'failure' }).raw)).toEqual(shape(fixtures.failure))
})

test('each sample is of a task of its own', () => {
  expect(sampleCallback().taskId).toMatch(/^[0-9a-f]{32}$/)
  expect(sampleCallback().taskId).not.toBe(sampleCallback().taskId)
})

test('a sample is what it was asked to be', () => {
  const receivedAt = new Date(0)
  const sample = sampleCallback({
    taskId: 'a',
    prompt: 'a fox',
    resultUrls: ['https://files.example/1.mp4'],
    query: { order: '17' },
    receivedAt,
    key: 'mine',
    extra: { version: 2 },
  })
  expect(sample).toMatchObject({
    taskId: 'a',
    code: 200,
    params: { prompt: 'a fox' },
    resultUrls: ['https://files.example/1.mp4'],
    query: { order: '17' },
    receivedAt,
    key: 'mine',
  })
  expect(JSON.parse(sample.raw)).toMatchObject({ version: 2 })
  expect(sampleCallback({ outcome: 'failure', code: 501, msg: 'no' })).toMatchObject({ code: 501, msg: 'no' })
  expect(sampleCallback({ promptJson: '{ "a' })).toMatchObject({ promptJson: '{ "a', params: undefined })
})

test('a sample that is no callback is refused, not made up', () => {
  expect(() => sampleCallback({ taskId: '' })).toThrow(expect.objectContaining({ code: 'ERR_LUMA_INVALID_CALLBACK' }))
})

test('a signed request is taken by a receiver, of whatever task it is', async () => {
  const receiver = startReceiver({ onFailure: () => {} })
  await fc.assert(
    fc.asyncProperty(fc.uuid(), fc.constantFrom('success' as const, 'failure' as const), async (taskId, outcome) => {
      const { method, headers, body } = signedRequest({ secret: SECRET, taskId, outcome })
      const answer = await receiver.handler.handle({ method, url: '/', headers, rawBody: body })
      expect(verdict(answer)).toBe('200 received')
    }),
    { numRuns: 20 },
  )
})

test('a request may be of another time, with another key, without a signature, or of another body', async () => {
  const { handler } = startReceiver()
  const tell = async (options: Parameters<typeof signedRequest>[0]) => {
    const { method, headers, body } = signedRequest(options)
    return verdict(await handler.handle({ method, url: '/', headers, rawBody: body }))
  }
  expect(await tell({ secret: SECRET, timestamp: 1_755_078_480 })).toBe('401 unverified')
  expect(await tell({ secret: 'another-key' })).toBe('401 unverified')
  expect(await tell({})).toBe('401 unverified')
  expect(await tell({ secret: SECRET, body: fixtures.success })).toBe('200 received')
  expect(await tell({ secret: SECRET, body: '{"code":' })).toBe('400 invalid_json')
})

test('the callback of another API is signed for its task, wherever its id stands', async () => {
  const { handler } = startReceiver()
  for (const { family, body } of FAMILY_BODIES) {
    const { method, headers } = signedRequest({ secret: SECRET, body })
    const answer = await handler.handle({ method, url: '/', headers, rawBody: body })
    expect(verdict(answer), family).toBe('400 other_family')
  }
})

test('the signed time can be told', () => {
  const { headers, body } = signedRequest({ secret: SECRET, timestamp: 1_755_078_480, body: fixtures.success })
  // The provider's own vector.
  expect(headers['x-webhook-signature']).toBe('91n3vBWFFhuwqtQZ2xpRLeZgYHY94mvJYPSJylTjYbE=')
  expect(parseCallback({ raw: body, query: {}, receivedAt: new Date() }).outcome).toBe('success')
})
