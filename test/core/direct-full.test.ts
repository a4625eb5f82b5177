import { createHandler } from '@luma-callback/core'
import { expect, onTestFinished, test } from 'vitest'
import { count, heldHook, verdict } from '../helpers/receiver.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

test('with 10 000 callbacks that were answered 200 and wait for their hooks, the next is answered 503 until one is done', async () => {
  const { hook, succeed } = heldHook<unknown[]>()
  const handler = createHandler({ onSuccess: hook, concurrency: 1, ackTimeout: 2_000, secret: SECRET, observe() {} })
  onTestFinished(() => handler.close({ timeout: 0 }))
  const send = async () => {
    const { taskId, body } = successOf()
    const request = { method: 'POST', url: '/', headers: signedHeaders(taskId), rawBody: body }
    return verdict(await handler.handle(request))
  }
  const answers = await Promise.all(Array.from({ length: 10_000 }, send))
  expect(count(answers)).toEqual({ '200 received': 10_000 })
  expect(await send()).toBe('503 busy')
  succeed()
  expect(await send()).toBe('200 received')
})
