import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHandler } from '@luma-callback/core'
import { signedRequest } from '@luma-callback/testing'

test('a callback runs its hook', async ({ mock }) => {
  const hook = mock.fn()
  const handler = createHandler({ onSuccess: hook, secret: 'whk_test_key_1' })
  const { method, headers, body } = signedRequest({ secret: 'whk_test_key_1' })
  assert.equal((await handler.handle({ method, url: '/', headers, rawBody: body })).status, 200)
  assert.equal(hook.mock.callCount(), 1)
  await handler.close()
})
