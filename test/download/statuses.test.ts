import { saveUrl } from '@luma-callback/download'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf, type Origin } from '../helpers/origin.ts'
import { startRawOrigin } from './raw-origin.ts'

const BODY = videoOf(3_000_000)
const FILE = { body: BODY, etag: '"one"' }

describe('statuses', () => {
  const answering = (status: number, headers = {}): Promise<Origin> =>
    startOrigin((_, response) => response.writeHead(status, headers).end('<html>no</html>'))

  test.each([403, 404, 410])('%i is the end: nothing is asked again', async (status) => {
    const to = newDirectory()
    const { url, requests } = await answering(status)
    const error = await failure(saveUrl(url, local(to)))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_EXPIRED', retryable: false, status, name: 'DownloadError' })
    expect(error.message).toBe(`${url}: answered ${status}; the link has expired, or the file never existed`)
    expect(requests).toHaveLength(1)
    expect(readdirSync(to)).toEqual([])
  })

  test.each([400, 401, 402, 451, 204, 203, 300, 304, 305])('%i is the end too', async (status) => {
    const { url, requests } = await answering(status)
    const error = await failure(saveUrl(url, local(newDirectory())))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_STATUS', retryable: false, status })
    expect(requests).toHaveLength(1)
  })

  test.each([408, 425, 429, 500, 502, 503, 504])(
    '%i can pass: it is asked again, five times in all',
    async (status) => {
      const { url, requests } = await answering(status)
      const error = await failure(saveUrl(url, local(newDirectory())))
      expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_STATUS', retryable: true, status })
      expect(requests).toHaveLength(5)
    },
  )

  test('101 is the end too, and what was to be another connection is closed', async () => {
    const { url, sockets } = await startRawOrigin((socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    )
    const error = await failure(saveUrl(url, local(newDirectory())))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_STATUS', retryable: false, status: 101 })
    expect(sockets).toHaveLength(1)
    await expect.poll(() => sockets[0]?.destroyed).toBe(true)
  })

  test('what has passed is forgotten', async () => {
    const { url } = await startOrigin((request, response, count) =>
      count < 4 ? response.writeHead(503).end() : serve(request, response, FILE),
    )
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ attempts: 4, resumed: false })
  })
})

describe('refresh', () => {
  test('gives a fresh URL in place of one that has expired, and it goes on from there', async () => {
    const { url, requests } = await startOrigin((request, response, count) => {
      if (count === 1) return serve(request, response, FILE, { cutAfter: 1_500_000 })
      if (!request.url?.endsWith('?fresh')) return response.writeHead(403).end()
      return serve(request, response, FILE)
    })
    const asked: string[] = []
    const refresh = async (old: string): Promise<string> => (asked.push(old), `${url}?fresh`)
    const saved = await saveUrl(`${url}?stale`, { ...local(newDirectory()), refresh })
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: true, attempts: 3 })
    expect(asked).toEqual([`${url}?stale`])
    expect(requests[2]?.headers.range).toBeDefined()
  })

  test('a fresh URL may lead to another place: with a strong ETag it goes on there, and in the next run', async () => {
    const paths: (string | undefined)[] = []
    const { url } = await startOrigin((request, response, count) => {
      paths.push(request.url)
      if (!request.url?.includes('fresh')) {
        return count === 1 ? serve(request, response, FILE, { cutAfter: 1_000_000 }) : response.writeHead(403).end()
      }
      serve(request, response, FILE, count < 5 ? { cutAfter: 1_000_000 } : {})
    })
    const to = newDirectory()
    const options = { ...local(to), name: 'fox', refresh: () => new URL(`/fresh/${paths.length}`, url).href }
    const first = saveUrl(url, { ...options, retry: { attempts: 2, minDelay: 1 } })
    expect(await failure(first)).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONNECTION' })
    expect(await saveUrl(url, options)).toMatchObject({ sha256: sha256Of(BODY), resumed: true })
    expect(paths).toEqual(['/video.mp4', '/video.mp4', '/fresh/2', '/video.mp4', '/fresh/4'])
  })

  test.each([
    ['when refresh fails', { refresh: () => Promise.reject(new Error('the API is down')) }],
    ['without it', {}],
  ])('what has come is kept for a link that is fresher, %s', async (_, options) => {
    const to = newDirectory()
    const { url } = await startOrigin((request, response, count) => {
      if (count === 2) response.writeHead(403).end()
      else serve(request, response, FILE, count === 1 ? { cutAfter: 1_500_000 } : {})
    })
    await failure(saveUrl(url, { ...local(to), ...options, name: 'fox' }))
    expect(readdirSync(to).toSorted()).toEqual(['.fox.part', '.fox.part.json'])
    expect(await saveUrl(url, { ...local(to), name: 'fox' })).toMatchObject({ resumed: true })
  })

  test('is asked twice at most', async () => {
    const { url, requests } = await startOrigin((_, response) => response.writeHead(410).end())
    const error = await failure(saveUrl(url, { ...local(newDirectory()), refresh: (old) => old }))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_EXPIRED' })
    expect(requests).toHaveLength(3)
  })

  test('what it gives is judged like any other, and what it throws is thrown', async () => {
    const { url } = await startOrigin((_, response) => response.writeHead(410).end())
    const bad = saveUrl(url, { ...local(newDirectory()), refresh: () => 'file:///etc/passwd' })
    expect(await failure(bad)).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_REFUSED' })
    const down = new Error('the API is down')
    const refresh = (): Promise<string> => Promise.reject(down)
    expect(await failure(saveUrl(url, { ...local(newDirectory()), refresh }))).toBe(down)
  })
})
