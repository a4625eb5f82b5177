import { createHandler } from '@luma-callback/core'
import { signedRequest } from '@luma-callback/testing'
import { expect, test, vi } from 'vitest'

test('a callback runs its hook', async () => {
  const hook = vi.fn()
  const handler = createHandler({ onSuccess: hook, secret: 'whk_test_key_1' })
  const { method, headers, body } = signedRequest({ secret: 'whk_test_key_1' })
  expect(await handler.handle({ method, url: '/', headers, rawBody: body })).toMatchObject({ status: 200 })
  expect(hook).toHaveBeenCalledTimes(1)
  await handler.close()
})
