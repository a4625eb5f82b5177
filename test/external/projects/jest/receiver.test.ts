// TypeScript as ts-jest compiles it by default: to CommonJS.
import { createHandler, type LumaSuccess } from '@luma-callback/core'
import { signedRequest } from '@luma-callback/testing'

test('a callback runs its hook', async () => {
  const hook = jest.fn<void, [LumaSuccess]>()
  const handler = createHandler({ onSuccess: hook, secret: 'whk_test_key_1' })
  const { method, headers, body } = signedRequest({ secret: 'whk_test_key_1' })
  expect(await handler.handle({ method, url: '/', headers, rawBody: body })).toMatchObject({ status: 200 })
  expect(hook).toHaveBeenCalledTimes(1)
  await handler.close()
})
