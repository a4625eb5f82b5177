const assert = require('node:assert/strict')
const { test } = require('node:test')
const { createHandler, LumaError } = require('@luma-callback/core')
const { signedRequest } = require('@luma-callback/testing')

test('a callback runs its hook', async ({ mock }) => {
  const hook = mock.fn()
  const handler = createHandler({ onSuccess: hook, secret: 'whk_test_key_1' })
  const { method, headers, body } = signedRequest({ secret: 'whk_test_key_1' })
  assert.equal((await handler.handle({ method, url: '/', headers, rawBody: body })).status, 200)
  assert.equal(hook.mock.callCount(), 1)
  await handler.close()
})

test('require and import give one copy: an error of the one is an instance of the class of the other', async () => {
  for (const name of ['core', 'express', 'koa', 'sqlite', 'redis', 'postgres', 'download', 'client', 'testing']) {
    const required = require(`@luma-callback/${name}`)
    const imported = await import(`@luma-callback/${name}`)
    assert.ok(Object.keys(required).length > 0)
    for (const key of Object.keys(required)) assert.equal(imported[key], required[key], `${name}: ${key}`)
  }
  assert.equal((await import('@luma-callback/express')).LumaError, LumaError)
})
