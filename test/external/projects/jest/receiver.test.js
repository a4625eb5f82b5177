// Jest as it is by default: CommonJS, each test file in a realm of its own.
const { once } = require('node:events')
const { readFile } = require('node:fs/promises')
const express = require('express')
const { saveResults } = require('@luma-callback/download')
const { createHandler, lumaCallback } = require('@luma-callback/express')
const { sqliteInbox } = require('@luma-callback/sqlite')
const { signedRequest, startSimulator } = require('@luma-callback/testing')

const secret = 'whk_test_key_1'
const [major, minor] = process.versions.node.split('.').map(Number)
const hasSqlite = major > 22 || (major === 22 && minor >= 13)

/** Sends a callback to a receiver with this hook; what it is answered, and what it told. */
async function receive(onSuccess) {
  const events = []
  const luma = lumaCallback({ onSuccess, secret, observe: (event) => events.push(event) })
  const server = express().use(luma).listen(0)
  await once(server, 'listening')
  const { port } = server.address()
  const answer = await fetch(`http://127.0.0.1:${port}/luma-modify-callback`, signedRequest({ secret }))
  await answer.text()
  await luma.close()
  server.close()
  server.closeAllConnections()
  return { status: answer.status, errors: events.flatMap((event) => (event.error ? [event.error] : [])) }
}

test('a callback runs its hook', async () => {
  const hook = jest.fn()
  expect(await receive(hook)).toEqual({ status: 200, errors: [] })
  expect(hook).toHaveBeenCalledTimes(1)
})

test.each([
  ['an error of Node', () => readFile('/no/such/file'), 'ENOENT'],
  ['a DOMException', () => AbortSignal.abort().throwIfAborted(), 'aborted'],
  ['an error of fetch', () => fetch('http://127.0.0.1:1/'), 'fetch failed'],
  ['an error of a timeout', () => fetch('http://127.0.0.1:1/', { signal: AbortSignal.abort() }), 'aborted'],
])('%s, which is of another realm here, is told by its message', async (_what, fail, message) => {
  const { status, errors } = await receive(async () => fail())
  expect(status).toBe(500)
  expect(errors).toHaveLength(1)
  expect(errors[0].message).toContain(message)
  expect(errors[0].message).not.toContain('something other than an Error')
})

test('a video is saved, and what the disk refuses is told as such', async () => {
  const simulator = await startSimulator({ generationTime: 1 })
  const taskId = simulator.submit()
  await simulator.idle()
  const [{ resultUrls }] = simulator.tasks
  const options = { allowHttp: true, allowPrivate: true, retry: { attempts: 1 } }
  const [{ bytes }] = await saveResults({ taskId, resultUrls }, { to: `videos-${process.pid}`, ...options })
  expect(bytes).toBeGreaterThan(0)
  const refused = saveResults({ taskId, resultUrls }, { to: '/dev/null/videos', ...options })
  await expect(refused).rejects.toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET' })
  await simulator.close()
})

const ifSqlite = hasSqlite ? test : test.skip
ifSqlite('an inbox keeps a callback', async () => {
  let ran
  const hook = new Promise((resolve) => (ran = resolve))
  const handler = createHandler({ onSuccess: ran, secret, inbox: sqliteInbox(`jest-${process.pid}.db`) })
  await handler.start()
  const { method, headers, body } = signedRequest({ secret })
  expect(await handler.handle({ method, url: '/', headers, rawBody: body })).toMatchObject({ status: 200 })
  expect(await hook).toMatchObject({ outcome: 'success', receivedAt: expect.any(Date) })
  await handler.close()
})
