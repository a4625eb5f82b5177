// ES modules, which Jest runs with NODE_OPTIONS=--experimental-vm-modules.
import { expect, jest, test } from '@jest/globals'
import { createHandler } from '@luma-callback/core'
import { lumaCallback } from '@luma-callback/express'
import { signedRequest } from '@luma-callback/testing'

test('a callback runs its hook', async () => {
  const hook = jest.fn()
  const handler = createHandler({ onSuccess: hook, secret: 'whk_test_key_1' })
  const { method, headers, body } = signedRequest({ secret: 'whk_test_key_1' })
  expect(await handler.handle({ method, url: '/', headers, rawBody: body })).toMatchObject({ status: 200 })
  expect(hook).toHaveBeenCalledTimes(1)
  await handler.close()
  expect(typeof lumaCallback).toBe('function')
})
