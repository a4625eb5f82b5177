// How a receiver is tested: no account, no tunnel, no server that runs. `npm test` in this folder runs it.
import { signedRequest } from '@luma-callback/testing'
import request from 'supertest'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from './app.js'

const secret = 'whk_test'

/** An application for one test alone, as it remembers what it has received. `print` stands in for what the hooks do. */
function start() {
  const print = vi.fn()
  const { app, luma } = createApp({ secret, print })
  onTestFinished(() => luma.close())
  return { app, print }
}

/**
 * Sends what the provider would send.
 *
 * @param {ReturnType<typeof createApp>['app']} app
 * @param {import('@luma-callback/testing').SampleRequest} callback
 */
function send(app, { headers, body }) {
  return request(app).post('/luma-modify-callback').set(headers).send(body)
}

test('a success is answered 200 when its hook is done', async () => {
  const { app, print } = start()
  const callback = signedRequest({ secret, taskId: 'task-1', resultUrls: ['https://files.example/fox.mp4'] })
  await send(app, callback).expect(200, { status: 'received' })
  expect(print).toHaveBeenCalledExactlyOnceWith('task task-1 succeeded: https://files.example/fox.mp4')
})

test('a failure runs the other hook', async () => {
  const { app, print } = start()
  const callback = signedRequest({ secret, taskId: 'task-1', outcome: 'failure', msg: 'too many people in it' })
  await send(app, callback).expect(200, { status: 'received' })
  expect(print).toHaveBeenCalledExactlyOnceWith('task task-1 failed with code 500: too many people in it')
})

test('a callback that comes again is answered 200, and runs no hook', async () => {
  const { app, print } = start()
  const callback = signedRequest({ secret })
  await send(app, callback).expect(200, { status: 'received' })
  await send(app, callback).expect(200, { status: 'duplicate' })
  expect(print).toHaveBeenCalledOnce()
})

test('a hook that fails is answered 500, and runs again when the provider sends again', async () => {
  const { app, print } = start()
  print.mockImplementationOnce(() => {
    throw new Error('the database is away')
  })
  const callback = signedRequest({ secret })
  const { body } = await send(app, callback).expect(500)
  expect(body.error).toBe('hook_failed')
  await send(app, callback).expect(200, { status: 'received' })
  expect(print).toHaveBeenCalledTimes(2)
})

test.each([
  ['has no signature', signedRequest()],
  ['is signed with another key', signedRequest({ secret: 'whk_other' })],
  ['was signed in 2020', signedRequest({ secret, timestamp: 1_577_836_800 })],
])('a callback that %s is answered 401, and runs no hook', async (_what, callback) => {
  const { app, print } = start()
  const { body } = await send(app, callback).expect(401)
  expect(body.error).toBe('unverified')
  expect(print).not.toHaveBeenCalled()
})

test('the receiver leaves every other address to the application', async () => {
  const { app } = start()
  await request(app).post('/orders').expect(404)
})
