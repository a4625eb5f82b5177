import { saveUrl } from '@luma-callback/download'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'
import { PATIENCE } from '../helpers/patience.ts'

const BODY = videoOf(3_000_000)
const FILE = { body: BODY, etag: '"one"' }

/** The pauses that were asked for, in milliseconds. None is made. */
const pauses = vi.hoisted(() => [] as number[])

vi.mock(import('@luma-callback/core/internal'), async (original) => ({
  ...(await original()),
  pause: async (delay: number) => void pauses.push(delay),
}))

beforeEach(() => {
  pauses.length = 0
})

describe('Retry-After', () => {
  const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toUTCString()
  const busy = (retryAfter: string, times = 1) =>
    startOrigin((request, response, count) =>
      count <= times ? response.writeHead(429, { 'retry-after': retryAfter }).end() : serve(request, response, FILE),
    )

  test.each([
    ['1', 1_000, 1_000],
    ['60', 60_000, 60_000],
    ['in 120 s', 60_000, 120_000],
    ['120', 120_000, 120_000],
  ])('%s is kept to, also beyond maxDelay', async (retryAfter, least, most) => {
    const { url } = await busy(retryAfter === 'in 120 s' ? inSeconds(120) : retryAfter)
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ attempts: 2 })
    expect(pauses).toHaveLength(1)
    expect(pauses[0]).toBeGreaterThanOrEqual(least)
    expect(pauses[0]).toBeLessThanOrEqual(most)
  })

  test.each(['0', '-5', inSeconds(-3_600), 'Mon, 02 Nov 2020 10:00:00 GMT'])(
    '%s is no reason to ask again at once',
    async (retryAfter) => {
      const { url, requests } = await busy(retryAfter, 5)
      const retry = { minDelay: 1_000, maxDelay: 4_000 }
      expect(await failure(saveUrl(url, { ...local(newDirectory()), retry }))).toMatchObject({ status: 429 })
      expect(requests).toHaveLength(5)
      const least = [500, 1_000, 2_000, 2_000]
      expect(pauses.map((delay, index) => delay >= (least[index] ?? 0))).toEqual([true, true, true, true])
    },
  )

  test.each(['3600', 'in 3600 s'])('%s is left to whoever called us', async (retryAfter) => {
    const { url, requests } = await busy(retryAfter === '3600' ? retryAfter : inSeconds(3_600))
    const error = await failure(saveUrl(url, local(newDirectory())))
    expect(error).toMatchObject({ retryable: true, status: 429 })
    expect(Math.abs((error.retryAfter ?? 0) - 3_600_000)).toBeLessThan(PATIENCE.timeout)
    expect(requests).toHaveLength(1)
    expect(pauses).toEqual([])
  })

  test('unless maxDelay says that it may be so long', async () => {
    const { url } = await busy('600')
    const retry = { maxDelay: 600_000 }
    expect(await saveUrl(url, { ...local(newDirectory()), retry })).toMatchObject({ attempts: 2 })
    expect(pauses).toEqual([600_000])
  })
})

describe('attempts without progress', () => {
  test('what has to start over each time makes none, however much of it comes again', async () => {
    const { url, requests } = await startOrigin((request, response, count) =>
      serve(request, response, { body: BODY }, { cutAfter: count % 2 === 0 ? 100_000 : 1_500_000 }),
    )
    const error = await failure(saveUrl(url, local(newDirectory())))
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CONNECTION', retryable: true })
    expect(requests).toHaveLength(5)
  })

  test('a mebibyte further than it ever was starts the count anew', async () => {
    const body = videoOf(20_000_000)
    const { url } = await startOrigin((request, response) =>
      serve(request, response, { ...FILE, body }, { cutAfter: 2_000_000 }),
    )
    const saved = await saveUrl(url, { ...local(newDirectory()), retry: { attempts: 2 } })
    expect(saved).toMatchObject({ sha256: sha256Of(body), resumed: true })
    expect(saved.attempts).toBeGreaterThanOrEqual(10)
  })
})
