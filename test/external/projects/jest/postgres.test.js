// pg-boss is an ES module, which Jest loads with NODE_OPTIONS=--experimental-vm-modules.
const { postgresInbox } = require('@luma-callback/postgres')
const { createHandler } = require('@luma-callback/core')
const { signedRequest } = require('@luma-callback/testing')

const secret = 'whk_test_key_1'
const { DATABASE_URL, POSTGRES_SCHEMA } = process.env

test('the inbox on Postgres keeps a callback', async () => {
  let ran
  const hook = new Promise((resolve) => (ran = resolve))
  const inbox = postgresInbox(DATABASE_URL, { schema: POSTGRES_SCHEMA, timeout: 60_000 })
  const handler = createHandler({ onSuccess: ran, secret, inbox })
  await handler.start()
  const { method, headers, body } = signedRequest({ secret })
  expect(await handler.handle({ method, url: '/', headers, rawBody: body })).toMatchObject({ status: 200 })
  expect(await hook).toMatchObject({ outcome: 'success' })
  await handler.close()
}, 120_000)
