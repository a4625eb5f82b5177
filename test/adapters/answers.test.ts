import { memoryDedupe } from '@luma-callback/core'
import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { FORMS, frameworks } from '../helpers/frameworks.ts'
import { post } from '../helpers/requests.ts'
import { failureOf, signedHeaders, successOf } from '../helpers/signed.ts'
import { sendRaw } from '../helpers/wire.ts'

const path = FORMS.bare

describe.each(frameworks)('$name', ({ start }) => {
  test('answers 200 received when the hook is done', async () => {
    const done: string[] = []
    const { url } = await start({ onSuccess: async ({ taskId }) => void done.push(taskId) })
    const { taskId, body } = successOf()
    await post(url, path, body, signedHeaders(taskId))
      .expect('content-type', /^application\/json/)
      .expect(200, { status: 'received' })
    expect(done).toEqual([taskId])
  })

  test('answers 200 duplicate to what was seen before, and no hook runs again', async () => {
    let runs = 0
    const { url } = await start({ onSuccess: () => runs++ })
    const { taskId, body } = successOf()
    await post(url, path, body, signedHeaders(taskId))
    await post(url, path, body, signedHeaders(taskId)).expect(200, { status: 'duplicate' })
    expect(runs).toBe(1)
  })

  test('runs a hook once for any number of deliveries at the same time', async () => {
    let runs = 0
    const { url } = await start({ onSuccess: () => new Promise((resolve) => setImmediate(resolve, runs++)) })
    const { taskId, body } = successOf()
    const replies = await Promise.all(Array.from({ length: 30 }, () => post(url, path, body, signedHeaders(taskId))))
    expect(replies.map(({ status }) => status)).toEqual(Array(30).fill(200))
    expect(replies.filter(({ body: answer }) => answer.status === 'received')).toHaveLength(1)
    expect(runs).toBe(1)
  })

  test('takes a failure and a success of one task for two results', async () => {
    const outcomes: string[] = []
    const { url } = await start({
      onSuccess: ({ outcome }) => outcomes.push(outcome),
      onFailure: ({ outcome }) => outcomes.push(outcome),
    })
    const { taskId, body } = failureOf()
    await post(url, path, body, signedHeaders(taskId))
    await post(url, path, successOf(taskId).body, signedHeaders(taskId))
    expect(outcomes).toEqual(['failure', 'success'])
  })

  test.each([
    ['no signature', {}],
    ['a signature of another key', signedHeaders('task', { secret: 'another-key' })],
    ['a signature of another task', signedHeaders('other')],
    ['a stale signature', signedHeaders('task', { timestamp: 1_755_078_480 })],
    ['a timestamp that is no number', { ...signedHeaders('task'), 'x-webhook-timestamp': '1e9' }],
    ['half a signature', { ...signedHeaders('task'), 'x-webhook-signature': 'abc' }],
  ])('answers 401 to %s, in the same words for each', async (_what, headers) => {
    let runs = 0
    const { url } = await start({ onSuccess: () => runs++ })
    await post(url, path, successOf('task').body, headers).expect(401, {
      status: 'rejected',
      error: 'unverified',
      message: 'the callback could not be verified: its signature is missing, wrong or stale',
    })
    expect(runs).toBe(0)
  })

  test('answers 401 when the user’s own verifier throws', async () => {
    const verify = () => {
      throw new Error('a reason that stays here')
    }
    const { url } = await start({ verify })
    const { taskId, body } = successOf()
    const reply = await post(url, path, body, signedHeaders(taskId)).expect(401)
    expect(reply.body).toMatchObject({ error: 'unverified' })
    expect(reply.text).not.toContain('stays here')
  })

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)(
    'answers 405 to %s and says that it is reachable',
    async (method) => {
      const { url } = await start({})
      const send = method.toLowerCase() as Lowercase<typeof method>
      const { body } = await request(url)[send](path).expect('allow', 'POST').expect(405)
      expect(body).toMatchObject({ error: 'method_not_allowed', message: expect.stringContaining('reachable') })
    },
  )

  test('answers 405 to HEAD, without a body', async () => {
    const { url, port } = await start({})
    await request(url).head(path).expect(405)
    // A client looks for no body here.
    const reply = await sendRaw(port, `HEAD ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
    expect(reply).toMatch(/^HTTP\/1\.1 405 [^]*\r\n\r\n$/)
  })

  test.each([
    ['another type', { 'content-type': 'text/plain' }],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a compressed body', { 'content-encoding': 'gzip' }],
    ['an unknown encoding', { 'content-encoding': 'zip' }],
  ])('answers 415 to %s', async (_what, headers) => {
    const { url } = await start({})
    const { taskId, body } = successOf()
    const reply = await post(url, path, body, { ...signedHeaders(taskId), ...headers }).expect(415)
    expect(reply.body).toMatchObject({ error: 'unsupported_media_type' })
  })

  test.each([
    ['a charset', { 'content-type': 'application/json; charset="UTF-8"' }],
    ['other parameters', { 'content-type': 'Application/JSON; version=1' }],
    ['identity encoding', { 'content-encoding': 'identity' }],
  ])('takes the type with %s', async (_what, headers) => {
    const { url } = await start({})
    const { taskId, body } = successOf()
    await post(url, path, body, { ...signedHeaders(taskId), ...headers }).expect(200)
  })

  test('answers 500 when the hook fails, and runs it again when the provider sends again', async () => {
    let runs = 0
    const onSuccess = () => {
      if (++runs === 1) throw new Error('the database password is 1234')
    }
    const { url } = await start({ onSuccess })
    const { taskId, body } = successOf()
    const failed = await post(url, path, body, signedHeaders(taskId)).expect(500)
    expect(failed.body).toMatchObject({ status: 'rejected', error: 'hook_failed' })
    expect(failed.text).not.toContain('1234')
    await post(url, path, body, signedHeaders(taskId)).expect(200, { status: 'received' })
    expect(runs).toBe(2)
  })

  test('answers 503 when the store cannot be asked, and no hook runs', async () => {
    let runs = 0
    const dedupe = { ...memoryDedupe(), claim: () => Promise.reject(new Error('connection refused')) }
    const { url } = await start({ dedupe, onSuccess: () => runs++ })
    const { taskId, body } = successOf()
    const reply = await post(url, path, body, signedHeaders(taskId)).expect(503)
    expect(reply.body).toMatchObject({ error: 'store_unavailable' })
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    expect(runs).toBe(0)
  })

  test('answers 503 to what another process holds', async () => {
    const { url } = await start({ dedupe: { ...memoryDedupe(), claim: () => Promise.resolve('held' as const) } })
    const { taskId, body } = successOf()
    const reply = await post(url, path, body, signedHeaders(taskId)).expect('retry-after', /./).expect(503)
    expect(reply.body).toMatchObject({ error: 'in_progress' })
  })

  test('answers 503 when it is closing down, and closes the connection', async () => {
    const { url, close } = await start({})
    const { taskId, body } = successOf()
    // Without being asked, no answer to supertest leaves its connection open.
    const headers = { ...signedHeaders(taskId), connection: 'keep-alive' }
    await post(url, path, body, headers).expect('connection', 'keep-alive').expect(200)
    await close()
    const reply = await post(url, path, body, headers)
      .expect('retry-after', /./)
      .expect('connection', 'close')
      .expect(503)
    expect(reply.body).toMatchObject({ error: 'closing' })
  })

  test('gives errors that are its user’s to the framework', async () => {
    const errors: unknown[] = []
    const key = () => {
      throw new Error('no key today')
    }
    const { url } = await start({ key }, { onError: (error) => errors.push(error) })
    const { taskId, body } = successOf()
    await post(url, path, body, signedHeaders(taskId)).expect(500)
    expect(errors).toMatchObject([{ message: 'no key today' }])
  })
})
