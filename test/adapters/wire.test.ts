import { describe, expect, test } from 'vitest'
import { connect } from 'node:net'
import { once } from 'node:events'
import { startChild } from '../helpers/child.ts'
import { FORMS, frameworks } from '../helpers/frameworks.ts'
import { post } from '../helpers/requests.ts'
import { signedHeaders, successOf } from '../helpers/signed.ts'
import { firstReply, head, sendRaw } from '../helpers/wire.ts'

const path = FORMS.bare

describe.each(frameworks)('$name', ({ start }) => {
  test('answers 413 to a declared length over the limit, without waiting for the body', async () => {
    const { port } = await start({ bodyLimit: 1000 })
    const reply = await firstReply(port, head(path, { ...signedHeaders(), 'content-length': '1001' }))
    expect(reply).toMatch(/^HTTP\/1\.1 413 /)
    expect(reply).toContain('"body_too_large"')
  })

  test('answers 413 to a body of no declared length that passes the limit', async () => {
    const { port } = await start({ bodyLimit: '1kb' })
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
    const reply = await firstReply(
      port,
      head(path, { ...signedHeaders(), 'transfer-encoding': 'chunked' }),
      chunk,
      chunk,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('answers 413 so that a sender in another process can read it while it still sends', async () => {
    const { url } = await start({})
    const sender = startChild('test/helpers/big-sender.ts', [url + path, JSON.stringify(signedHeaders())])
    expect(await sender.ended, sender.output()).toBe(0)
    expect(sender.output()).toBe('413 413 413\n')
  })

  test('answers 413 to a sender that has no end, and cuts the connection', async () => {
    const { port } = await start({ bodyLimit: '1kb' })
    const socket = connect(port, '127.0.0.1')
      .setEncoding('utf8')
      .on('error', () => {})
    const drip = setInterval(() => socket.write('5\r\nxxxxx\r\n'), 10)
    // A cut connection may end in a reset, for which `once` of node:events would reject.
    const isCut = new Promise((resolve) => socket.once('close', resolve))
    const said = new Promise<string>((resolve) => socket.once('data', (text: string) => resolve(text)))
    socket.write(head(path, { ...signedHeaders(), 'transfer-encoding': 'chunked' }))
    socket.write(`400\r\n${'x'.repeat(1024)}\r\n`)
    expect(await said).toMatch(/^HTTP\/1\.1 413 /)
    await isCut
    clearInterval(drip)
  })

  test('takes no body that was too large for a callback', async () => {
    let runs = 0
    const { port } = await start({ bodyLimit: 200, onSuccess: () => runs++ })
    const { taskId, body } = successOf()
    const smuggled = head(path, { ...signedHeaders(taskId), 'content-length': String(Buffer.byteLength(body)) }) + body
    const tooLarge = head(path, { ...signedHeaders(), 'content-length': String(smuggled.length) }) + smuggled
    const reply = await sendRaw(port, tooLarge, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    expect(reply.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 405'])
    expect(runs).toBe(0)
  })

  test('takes what comes after a body that was too large, on the same connection', async () => {
    const { port } = await start({ bodyLimit: '1kb' })
    const { taskId, body } = successOf()
    const tooLarge = head(path, { ...signedHeaders(), 'content-length': '2000' }) + 'x'.repeat(2000)
    const length = { 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
    const reply = await sendRaw(port, tooLarge, head(path, { ...signedHeaders(taskId), ...length }) + body)
    expect(reply.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200'])
  })

  test('answers 408 to a body that does not arrive in time, however it drips', async () => {
    const { port } = await start({ bodyTimeout: 50 })
    const reply = await sendRaw(port, head(path, { ...signedHeaders(), 'content-length': '500' }), '{', '"', 'c')
    expect(reply).toMatch(/^HTTP\/1\.1 408 /)
    expect(reply).toMatch(/connection: close/i)
    expect(reply).toContain('"body_timeout"')
  })

  test('serves others while slow senders hold their connections', async () => {
    const { url, port } = await start({ bodyTimeout: 2000 })
    const slow = Array.from({ length: 50 }, () =>
      sendRaw(port, head(path, { ...signedHeaders(), 'content-length': '500' })),
    )
    const { taskId, body } = successOf()
    await post(url, path, body, signedHeaders(taskId)).expect(200)
    for (const reply of await Promise.all(slow)) expect(reply).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('is left as it was by senders that go away in the middle of a body', async () => {
    let runs = 0
    const { url, port } = await start({ onSuccess: () => runs++ })
    const { taskId, body } = successOf()
    for (let sender = 0; sender < 50; sender++) {
      const socket = connect(port, '127.0.0.1')
      const length = String(Buffer.byteLength(body))
      socket.write(head(path, { ...signedHeaders(taskId), 'content-length': length }) + body.slice(0, 100))
      await once(socket, 'connect')
      await new Promise(setImmediate)
      socket.destroy()
    }
    await post(url, path, body, signedHeaders(taskId)).expect(200, { status: 'received' })
    expect(runs).toBe(1)
  })

  test.each(['x-webhook-timestamp', 'x-webhook-signature'])('answers 401 to %s sent twice', async (name) => {
    const { port } = await start({})
    const { taskId, body } = successOf()
    const headers = signedHeaders(taskId)
    const twice: [string, string][] = [...Object.entries(headers), [name, headers[name] ?? ''], ['connection', 'close']]
    const reply = await sendRaw(
      port,
      head(path, [...twice, ['content-length', String(Buffer.byteLength(body))]]) + body,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 401 /)
  })

  test('asks for the body of a sender that waits to be asked', async () => {
    const { port } = await start({})
    const { taskId, body } = successOf()
    const headers = { ...signedHeaders(taskId), expect: '100-continue', connection: 'close' }
    const reply = await sendRaw(
      port,
      head(path, { ...headers, 'content-length': String(Buffer.byteLength(body)) }),
      body,
    )
    expect(reply).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })

  test('answers every one of several requests on one connection, errors between them', async () => {
    const { port } = await start({})
    const { taskId, body } = successOf()
    const request = (text: string, last = false) =>
      head(path, {
        ...signedHeaders(taskId),
        'content-length': String(Buffer.byteLength(text)),
        connection: last ? 'close' : 'keep-alive',
      }) + text
    const reply = await sendRaw(port, request('{') + request(body) + request('[]') + request(body, true))
    expect(reply.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200'])
  })
})
