import { saveUrl } from '@luma-callback/download'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf, visible } from '../helpers/origin.ts'

const BODY = videoOf(3_000_000)
const FILE = { body: BODY, etag: '"one"' }

describe('timeouts', () => {
  const retry = { attempts: 1 }

  test('connect: a server that takes connections and says nothing of TLS', async () => {
    const server = createTcpServer(() => {})
    onTestFinished(() => void server.close())
    server.on('connection', (socket) => onTestFinished(() => void socket.destroy()))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const options = { ...local(newDirectory()), timeouts: { connect: 50 }, retry }
    const error = await failure(saveUrl(`https://127.0.0.1:${port}/x`, options))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TIMEOUT', retryable: true })
    expect(error.message).toMatch(/no connection within 50 ms$/)
  })

  test('firstByte: connected, and no answer', async () => {
    const { url } = await startOrigin(() => {})
    const error = await failure(saveUrl(url, { ...local(newDirectory()), timeouts: { firstByte: 50 }, retry }))
    expect(error.message).toMatch(/no answer within 50 ms$/)
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TIMEOUT', retryable: true })
  })

  test('an answer that is announced for ever is none', async () => {
    const { url } = await startOrigin((_, response: ServerResponse) => {
      const timer = setInterval(() => response.writeProcessing(), 5)
      response.once('close', () => clearInterval(timer))
    })
    const error = await failure(saveUrl(url, { ...local(newDirectory()), timeouts: { firstByte: 100 }, retry }))
    expect(error.message).toMatch(/no answer within 100 ms$/)
  })

  test('idle: it stops in the middle, is told, and the next attempt goes on', async () => {
    const { url, requests } = await startOrigin((request, response, count) =>
      serve(request, response, FILE, count === 1 ? { stallAfter: 1_500_000 } : {}),
    )
    const saved = await saveUrl(url, { ...local(newDirectory()), timeouts: { idle: 500 } })
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: true })
    // A machine that stands still for so long makes it one more.
    expect(requests.length).toBeGreaterThanOrEqual(2)
    expect(saved.attempts).toBe(requests.length)
  })

  test('total: a server that drips is never idle, and ends all the same; what came is kept', async () => {
    const to = newDirectory()
    const { url } = await startOrigin((_, response) => {
      response.writeHead(200, { 'content-length': BODY.length, etag: '"one"' }).write(BODY.subarray(0, 2_000_000))
      const timer = setInterval(() => response.write('.'), 10)
      response.once('close', () => clearInterval(timer))
    })
    const error = await failure(saveUrl(url, { ...local(to), timeouts: { idle: 60_000, total: 2_000 }, name: 'fox' }))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TIMEOUT', retryable: true })
    expect(error.message).toBe(`${url}: not complete within 2000 ms`)
    expect(readdirSync(to).toSorted()).toEqual(['.fox.part', '.fox.part.json'])
  })

  test('a sink that is slow is not the server’s fault', async () => {
    const { url } = await startOrigin((request, response) => serve(request, response, FILE))
    let read = 0
    const sink = {
      async write(stream: NodeJS.ReadableStream) {
        await new Promise((resolve) => setTimeout(resolve, 2_500))
        for await (const chunk of stream) read += chunk.length
      },
    }
    await saveUrl(url, { ...local(sink), timeouts: { idle: 1_000 }, retry })
    expect(read).toBe(BODY.length)
  })
})

describe('an abort', () => {
  const reason = new Error('the process is stopping')

  test('before it begins', async () => {
    const { url, requests } = await startOrigin(() => {})
    const saving = saveUrl(url, { ...local(newDirectory()), signal: AbortSignal.abort(reason) })
    expect(await failure(saving)).toBe(reason)
    expect(requests).toHaveLength(0)
  })

  test.each([
    ['while an answer is awaited', () => {}],
    ['in the pause before the next attempt', (response: ServerResponse) => response.writeHead(503).end()],
    [
      'in the middle of the body',
      (response: ServerResponse) =>
        response.writeHead(200, { 'content-length': BODY.length, etag: '"1"' }).write(BODY.subarray(0, 2_000_000)),
    ],
  ])('%s', async (_, answer) => {
    const to = newDirectory()
    const abort = new AbortController()
    const { url, requests } = await startOrigin((_request, response) => {
      answer(response)
      setTimeout(() => abort.abort(reason), 100)
    })
    const retry = { minDelay: 60_000, maxDelay: 60_000 }
    expect(await failure(saveUrl(url, { ...local(to), retry, signal: abort.signal }))).toBe(reason)
    expect(requests).toHaveLength(1)
    expect(visible(to)).toEqual([])
  })

  test('while another save of the same file is under way; that one is left alone', async () => {
    const to = newDirectory()
    const abort = new AbortController()
    let go = (): void => {}
    const { url } = await startOrigin((request, response) => (go = () => serve(request, response, FILE)))
    const first = saveUrl(url, local(to))
    await expect.poll(() => readdirSync(to).length).toBeGreaterThan(0)
    const second = saveUrl(url, { ...local(to), signal: abort.signal })
    setTimeout(() => abort.abort(reason), 50)
    expect(await failure(second)).toBe(reason)
    go()
    expect(await first).toMatchObject({ sha256: sha256Of(BODY) })
  })
})
