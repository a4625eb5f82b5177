import { saveUrl } from '@luma-callback/download'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf, visible } from '../helpers/origin.ts'
import { startRawOrigin } from './raw-origin.ts'

const BODY = videoOf(3_000_000)
const MODIFIED = 'Mon, 02 Nov 2026 10:00:00 GMT'

const startOf = (range: string | undefined): number => Number(/bytes=(\d+)/.exec(range ?? '')?.[1])

/** Chunks that break off, so that nobody knows how long it is. */
function cutChunks(response: ServerResponse, headers: Record<string, string>): void {
  response.writeHead(200, headers)
  response.write(BODY.subarray(0, 700_000), () => response.destroy())
}

test.each(['identity', 'chunked, identity'])('Transfer-Encoding: %s tells no end', async (encoding) => {
  const to = newDirectory()
  const { url } = await startRawOrigin((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${encoding}\r\n\r\n`)
    socket.end(BODY.subarray(0, 1_000_000))
  })
  const error = await failure(saveUrl(url, { ...local(to), retry: { attempts: 1 } }))
  expect(error).toMatchObject({ code: expect.stringMatching(/_(LENGTH|CONTENT|CONNECTION)$/), retryable: true })
  expect(visible(to)).toEqual([])
})

test('what was compressed on the way is not unpacked, and not taken for the file', async () => {
  const to = newDirectory()
  const { url } = await startRawOrigin((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
  )
  const error = await failure(saveUrl(url, { ...local(to), checkContent: false }))
  expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONTENT', retryable: true })
  expect(visible(to)).toEqual([])
})

/** What comes after an answer of no known length that was cut. */
async function goingOn(rest: (request: IncomingMessage, response: ServerResponse, from: number) => void) {
  const { url, requests } = await startOrigin((request, response, count) => {
    if (count === 1) return cutChunks(response, { etag: '"one"' })
    if (request.headers.range === undefined) return serve(request, response, { body: BODY, etag: '"one"' })
    rest(request, response, startOf(request.headers.range))
  })
  const saved = await saveUrl(url, local(newDirectory()))
  expect(saved).toMatchObject({ sha256: sha256Of(BODY), bytes: BODY.length })
  return { saved, ranges: requests.map(({ headers }) => headers.range) }
}

test('a 206 may bring less than was asked for: the rest of it is asked for too', async () => {
  const { ranges } = await goingOn((_, response, from) => {
    const end = Math.min(from + 800_000, BODY.length)
    const headers = { etag: '"one"', 'content-range': `bytes ${from}-${end - 1}/${BODY.length}` }
    response.writeHead(206, { ...headers, 'content-length': end - from }).end(BODY.subarray(from, end))
  })
  expect(ranges).toEqual([undefined, 'bytes=700000-', 'bytes=1500000-', 'bytes=2300000-'])
})

test('a 206 that says neither its length nor that of the file is nothing to go on with', async () => {
  const { saved } = await goingOn((_, response, from) => {
    const headers = { etag: '"one"', 'content-range': `bytes ${from}-${from + 99}/*` }
    response.writeHead(206, headers).end(BODY.subarray(from, from + 100))
  })
  expect(saved.resumed).toBe(false)
})

test.each([
  ['beyond the end of the file', (from: number) => `bytes ${from}-${BODY.length}/${BODY.length}`],
  ['that ends before it begins', (from: number) => `bytes ${from}-${from - 1}/${BODY.length}`],
])('a 206 of a range %s is not appended', async (_, contentRange) => {
  const { saved } = await goingOn((_request, response, from) =>
    response.writeHead(206, { etag: '"one"', 'content-range': contentRange(from) }).end(Buffer.alloc(100)),
  )
  expect(saved.resumed).toBe(false)
})

test('a 206 that brings more than its range is not the file', async () => {
  let count = 0
  const { saved } = await goingOn((request, response, from) => {
    if (++count > 1) return serve(request, response, { body: BODY, etag: '"one"' })
    const headers = { etag: '"one"', 'content-range': `bytes ${from}-${from + 99}/${BODY.length}` }
    response.writeHead(206, headers).end(Buffer.alloc(200))
  })
  expect(saved.resumed).toBe(false)
})

test('a 206 that ends where the connection does is complete by its range only', async () => {
  const { url, sockets } = await startRawOrigin((socket, request, count) => {
    if (count === 1) {
      socket.write('HTTP/1.1 200 OK\r\nETag: "one"\r\nTransfer-Encoding: chunked\r\n\r\naae60\r\n')
      socket.write(BODY.subarray(0, 700_000), () => socket.write('\r\n', () => socket.destroy()))
      return
    }
    const from = startOf(/range: (.*)/i.exec(request)?.[1])
    const range = `Content-Range: bytes ${from}-${BODY.length - 1}/${BODY.length}`
    socket.write(`HTTP/1.1 206 Partial Content\r\nETag: "one"\r\n${range}\r\nConnection: close\r\n\r\n`)
    socket.end(BODY.subarray(from, count === 2 ? from + 500_000 : BODY.length))
  })
  const saved = await saveUrl(url, local(newDirectory()))
  expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: true, attempts: 3 })
  expect(sockets).toHaveLength(3)
})

test('where the time of the last change tells, a 206 of another time is not appended', async () => {
  const changed = Buffer.from(BODY.toReversed())
  const { url, requests } = await startOrigin((request, response, count) => {
    if (count === 1) return serve(request, response, { body: BODY, lastModified: MODIFIED }, { cutAfter: 700_000 })
    // A server that knows nothing of If-Range.
    delete request.headers['if-range']
    serve(request, response, { body: changed, lastModified: 'Tue, 03 Nov 2026 10:00:00 GMT' })
  })
  const saved = await saveUrl(url, { ...local(newDirectory()), checkContent: false })
  expect(saved).toMatchObject({ sha256: sha256Of(changed), resumed: false })
  expect(requests).toHaveLength(3)
})

test.each([
  ['another length', { 'content-range': `bytes */2000000` }],
  ['another ETag', { 'content-range': `bytes */${BODY.length}`, etag: '"two"' }],
])('a 416 that tells of %s means that the file is another', async (_, headers) => {
  const { url, requests } = await startOrigin((request, response, count) => {
    if (request.headers.range !== undefined) return response.writeHead(416, headers).end()
    if (count > 1) return serve(request, response, { body: BODY, etag: '"two"' })
    response.writeHead(200, { etag: '"one"' })
    response.write(BODY, () => response.destroy())
  })
  expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ sha256: sha256Of(BODY), resumed: false })
  expect(requests).toHaveLength(3)
})
