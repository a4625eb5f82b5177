import { saveUrl } from '@luma-callback/download'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf, visible } from '../helpers/origin.ts'

const BODY = videoOf(3_000_000)
const FILE = { body: BODY, etag: '"one"' }

/** Bit by bit, as it is defined. */
function crc32cOf(body: Uint8Array): string {
  let crc = 0xffffffff
  for (const byte of body) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(~crc >>> 0)
  return bytes.toString('base64')
}

test('a CRC-32C is the one that the world knows', () => {
  expect(Buffer.from(crc32cOf(Buffer.from('123456789')), 'base64').toString('hex')).toBe('e3069283')
})

describe('size and length', () => {
  test.each([
    ['announced', { 'content-length': String(BODY.length) }],
    ['not announced', {}],
  ])('more than maxBytes, %s, is refused and leaves nothing', async (_, headers) => {
    const to = newDirectory()
    let sent = 0
    const { url, requests } = await startOrigin((_request, response) => {
      response.writeHead(200, headers)
      response.write(BODY.subarray(0, 1_000_000), () => (sent = 1_000_000))
    })
    const error = await failure(saveUrl(url, { ...local(to), maxBytes: 900_000 }))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TOO_LARGE', retryable: false })
    expect(error.message).toBe(`${url}: the file is larger than maxBytes, 900000`)
    expect(requests).toHaveLength(1)
    expect(readdirSync(to)).toEqual([])
    expect(sent).toBeLessThanOrEqual(1_000_000)
  })

  test('a body without an end stops at maxBytes', async () => {
    const to = newDirectory()
    const { url } = await startOrigin((_, response) => {
      response.writeHead(200).write(BODY)
      const more = (): void => {
        while (!response.destroyed && response.write(BODY));
      }
      response.on('drain', more)
      more()
    })
    const error = await failure(saveUrl(url, { ...local(to), maxBytes: 20_000_000 }))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TOO_LARGE' })
    expect(readdirSync(to)).toEqual([])
  })

  test('a Content-Length that promises too much is never a complete file', async () => {
    const to = newDirectory()
    const { url } = await startOrigin((_, response) => {
      response.writeHead(200, { 'content-length': BODY.length + 1, connection: 'close' })
      response.write(BODY, () => response.destroy())
    })
    expect(await failure(saveUrl(url, local(to)))).toMatchObject({
      code: 'ERR_LUMA_DOWNLOAD_CONNECTION',
      retryable: true,
    })
    expect(visible(to)).toEqual([])
  })

  /** Ends its answer by closing, as HTTP/1.0 did. */
  async function closing(headers: string): Promise<string> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n${headers}\r\n`)
        socket.end(BODY)
      })
    })
    server.listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.mp4`
  }

  test('with neither a length nor a checksum nobody could tell a whole file from a cut one', async () => {
    const to = newDirectory()
    const error = await failure(saveUrl(await closing(''), local(to)))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_LENGTH', retryable: true })
    expect(visible(to)).toEqual([])
  })

  test('with a checksum one can', async () => {
    const sha256 = sha256Of(BODY)
    expect(await saveUrl(await closing(''), { ...local(newDirectory()), sha256 })).toMatchObject({ sha256 })
    const digest = Buffer.from(sha256, 'hex').toString('base64')
    const offered = await closing(`Digest: SHA-256=${digest}\r\n`)
    expect(await saveUrl(offered, local(newDirectory()))).toMatchObject({ sha256 })
  })

  test('chunks that break off are no complete file', async () => {
    const to = newDirectory()
    const { url } = await startOrigin((_, response) => {
      response.writeHead(200)
      response.write(BODY, () => response.destroy())
    })
    expect(await failure(saveUrl(url, local(to)))).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONNECTION' })
    expect(visible(to)).toEqual([])
  })
})

describe('checksums', () => {
  const sums = (body: Uint8Array) => ({
    sha256: createHash('sha256').update(body).digest('base64'),
    sha512: createHash('sha512').update(body).digest('base64'),
    md5: createHash('md5').update(body).digest('base64'),
    crc32c: crc32cOf(body),
  })
  const [right, wrong] = [sums(BODY), sums(Buffer.from('x'))]
  const forms: [string, (sum: typeof right) => Record<string, string>][] = [
    ['Repr-Digest', ({ sha256 }) => ({ 'repr-digest': `sha-512=:AAAA:, sha-256=:${sha256}:` })],
    ['Repr-Digest with a parameter', ({ sha256 }) => ({ 'repr-digest': `sha-256=:${sha256}:;q=1, md5=:AAAA:` })],
    ['Repr-Digest of SHA-512', ({ sha512 }) => ({ 'repr-digest': `sha-512=:${sha512}:` })],
    ['Repr-Digest of two', ({ sha512 }) => ({ 'repr-digest': `sha-256=:${right.sha256}:, sha-512=:${sha512}:` })],
    ['Content-Digest', ({ sha256 }) => ({ 'content-digest': `sha-256=:${sha256}:` })],
    ['Digest', ({ sha256 }) => ({ digest: `md5=ignored==,SHA-256=${sha256}` })],
    ['Digest of SHA-512', ({ sha512 }) => ({ digest: `SHA-512=${sha512}` })],
    ['Digest of MD5', ({ md5 }) => ({ digest: `MD5=${md5}` })],
    ['Content-MD5', ({ md5 }) => ({ 'content-md5': md5 })],
    ['x-amz-checksum-sha256', ({ sha256 }) => ({ 'x-amz-checksum-sha256': sha256 })],
    ['x-goog-hash of MD5', ({ md5 }) => ({ 'x-goog-hash': `crc32c=${right.crc32c},md5=${md5}` })],
    ['x-goog-hash of CRC-32C', ({ crc32c }) => ({ 'x-goog-hash': `crc32c=${crc32c},md5=${right.md5}` })],
    ['x-goog-hash of CRC-32C alone', ({ crc32c }) => ({ 'x-goog-hash': `crc32c=${crc32c}` })],
  ]

  test.each(forms)('%s is checked', async (_, headersOf) => {
    const good = await startOrigin((request, response, count) =>
      serve(request, response, { ...FILE, headers: headersOf(right) }, count === 1 ? { cutAfter: 1_500_000 } : {}),
    )
    const saved = await saveUrl(good.url, local(newDirectory()))
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), attempts: 2, resumed: true })

    const to = newDirectory()
    const headers = headersOf(wrong)
    const { url, requests } = await startOrigin((request, response) => serve(request, response, { ...FILE, headers }))
    const retry = { attempts: 2, minDelay: 1 }
    const error = await failure(saveUrl(url, { ...local(to), retry }))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CHECKSUM', retryable: true })
    expect(error.message).toMatch(/its (sha256|sha512|md5|crc32c) is [0-9a-f]+ instead of [0-9a-f]+/)
    expect(requests.map((request) => request.headers.range)).toEqual([undefined, undefined])
    expect(visible(to)).toEqual([])
  })

  test('yours goes before the server’s', async () => {
    const headers = { digest: `SHA-256=${wrong.sha256}` }
    const { url } = await startOrigin((request, response) => serve(request, response, { ...FILE, headers }))
    expect(await saveUrl(url, { ...local(newDirectory()), sha256: sha256Of(BODY) })).toMatchObject({ attempts: 1 })
    const other = saveUrl(url, { ...local(newDirectory()), sha256: sha256Of(Buffer.from('x')), retry: { attempts: 1 } })
    expect(await failure(other)).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CHECKSUM' })
  })

  test.each([
    { 'x-amz-checksum-sha256': `${right.sha256}-3` },
    { 'content-md5': 'not a digest' },
    { 'repr-digest': 'sha-256=:AAAA:' },
    { digest: ',,,=,sha-256' },
  ])('what is not one is not taken for one: %o', async (headers) => {
    const { url } = await startOrigin((request, response) => serve(request, response, { ...FILE, headers }))
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ sha256: sha256Of(BODY) })
  })
})

describe('content', () => {
  test.each([
    ['an error page', Buffer.from('<!doctype html><title>Sorry</title>'), {}],
    ['nothing', Buffer.alloc(0), {}],
    ['the first bytes of a video', BODY.subarray(0, 7), {}],
    ['a page that says it is a video', Buffer.from('<svg onload=alert(1)>'), { 'content-type': 'video/mp4' }],
    ['a WAV', Buffer.from('RIFF\u0010\0\0\0WAVEfmt ', 'latin1'), {}],
  ])('%s is no video', async (_, body, headers) => {
    const to = newDirectory()
    const { url, requests } = await startOrigin((request, response) => serve(request, response, { body, headers }))
    const error = await failure(saveUrl(url, local(to)))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONTENT', retryable: true })
    expect(requests).toHaveLength(1)
    expect(readdirSync(to)).toEqual([])
  })

  test.each(['gzip', 'br', 'identity, gzip', 'zstd'])('what comes as %s is not unpacked', async (encoding) => {
    const headers = { 'content-encoding': encoding }
    const { url, requests } = await startOrigin((request, response) => serve(request, response, { ...FILE, headers }))
    expect(await failure(saveUrl(url, local(newDirectory())))).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONTENT' })
    expect(requests[0]?.headers['accept-encoding']).toBe('identity')
  })
})
