import type { Simulator, SimulatorOptions } from '@luma-callback/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { call, simulate, startTarget } from '../helpers/simulator.ts'
import { sendRaw } from '../helpers/wire.ts'

const LINK = '/api/v1/common/download-url'

/** The result of one task. */
async function makeFile(options: SimulatorOptions = {}): Promise<{ simulator: Simulator; file: string }> {
  const simulator = await simulate(options)
  simulator.submit()
  await simulator.idle()
  return { simulator, file: simulator.tasks[0]?.resultUrls[0] ?? '' }
}

async function link(simulator: Simulator, url: unknown) {
  const { code, data } = await call(simulator, LINK, { body: { url } })
  return { code, link: String(data) }
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer())
}

/** The boxes that an MP4 is made of, each with its length and its type in front. */
function boxesOf(bytes: Buffer): string[] {
  const types: string[] = []
  let at = 0
  for (; at < bytes.length; at += bytes.readUInt32BE(at)) types.push(bytes.toString('latin1', at + 4, at + 8))
  expect(at, 'the boxes fill the file').toBe(bytes.length)
  return types
}

describe('a result file', () => {
  test('is a video, told with its length, its type and a strong ETag', async () => {
    const { file } = await makeFile()
    expect(new URL(file).pathname).toMatch(/^\/l\/[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-a[\da-f]{3}-[\da-f]{12}\.mp4$/)
    const response = await fetch(file)
    const bytes = await bytesOf(response)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(bytes.length),
      'accept-ranges': 'bytes',
      etag: expect.stringMatching(/^"[\da-f]{32}"$/),
      'last-modified': expect.stringMatching(/ GMT$/),
    })
    expect(boxesOf(bytes)).toEqual(expect.arrayContaining(['ftyp', 'moov', 'mdat']))
  })

  test('is told by HEAD without being sent', async () => {
    const { file } = await makeFile()
    const [head, get] = await Promise.all([fetch(file, { method: 'HEAD' }), fetch(file)])
    expect(await bytesOf(head)).toHaveLength(0)
    for (const name of ['content-length', 'etag', 'content-type']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name))
    }
    await get.body?.cancel()
  })

  test('comes in any range, and the ranges make the whole', async () => {
    const { file } = await makeFile()
    const whole = await bytesOf(await fetch(file))
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(whole.length * 2), async (start, length) => {
        const last = start + length
        const response = await fetch(file, { headers: { range: `bytes=${start}-${last}` } })
        const end = Math.min(last, whole.length - 1)
        expect(response.status).toBe(206)
        expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${whole.length}`)
        expect((await bytesOf(response)).equals(whole.subarray(start, end + 1))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test.each<[range: string, start: number, end: number]>([
    ['bytes=0-', 0, 0],
    ['bytes=-100', -100, 0],
    ['bytes=-99999999', 0, 0],
    ['bytes=0-0', 0, 1],
    ['BYTES=0-0', 0, 1],
  ])('answers 206 to %s', async (range, start, end) => {
    const { file } = await makeFile()
    const whole = await bytesOf(await fetch(file))
    const response = await fetch(file, { headers: { range } })
    expect(response.status).toBe(206)
    expect((await bytesOf(response)).equals(whole.subarray(start, end || undefined))).toBe(true)
  })

  test.each(['bytes=99999999-', 'bytes=-0', 'bytes=99999999999999999999-'])('answers 416 to %s', async (range) => {
    const { file } = await makeFile()
    const response = await fetch(file, { headers: { range } })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toMatch(/^bytes \*\/\d+$/)
    expect(await bytesOf(response)).toHaveLength(0)
  })

  test('ignores a range that it does not understand, whatever it is', async () => {
    const { file } = await makeFile()
    const whole = await bytesOf(await fetch(file))
    const odd = fc.oneof(
      fc.constantFrom(
        'bytes=',
        'bytes=-',
        'bytes=5-1',
        'bytes=0-1,3-4',
        'items=0-1',
        'bytes=a-b',
        'bytes=0x1-2',
        '0-1',
      ),
      fc.string({ unit: fc.constantFrom('b', 'y', '=', '-', ',', 'x', ' '), maxLength: 30 }),
      fc.constant(`bytes=${'0-1,'.repeat(2_000)}`),
    )
    await fc.assert(
      fc.asyncProperty(odd, async (range) => {
        const response = await fetch(file, { headers: { range } })
        expect(response.status).toBe(200)
        expect(await bytesOf(response)).toHaveLength(whole.length)
      }),
      { numRuns: 50 },
    )
  })

  test('comes whole when it is not the file any more of which a range is wanted', async () => {
    const { file } = await makeFile()
    const { headers } = await fetch(file, { method: 'HEAD' })
    const statusFor = async (condition: string) =>
      (await fetch(file, { headers: { range: 'bytes=0-9', 'if-range': condition } })).status
    expect(await statusFor(headers.get('etag') ?? '')).toBe(206)
    expect(await statusFor(headers.get('last-modified') ?? '')).toBe(206)
    expect(await statusFor('"another"')).toBe(200)
    expect(await statusFor('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(200)
  })

  test.each(['POST', 'PUT', 'DELETE'])('cannot be changed by %s', async (method) => {
    const { file } = await makeFile()
    const response = await fetch(file, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD')
  })
})

describe('a file that is in trouble', () => {
  test('breaks off half-way when it is asked for whole, and gives the rest by range', async () => {
    const { file } = await makeFile({ truncatedFiles: 1 })
    const length = Number((await fetch(file, { method: 'HEAD' })).headers.get('content-length'))
    await expect(fetch(file).then(bytesOf)).rejects.toThrow()
    const rest = await bytesOf(await fetch(file, { headers: { range: `bytes=${length >> 1}-` } }))
    expect(rest).toHaveLength(length - (length >> 1))
  })

  test('answers 403 at a URL that has expired, and a fresh link leads to it', async () => {
    const { simulator, file } = await makeFile({ expiredUrls: 1 })
    expect((await fetch(file)).status).toBe(403)
    const fresh = await link(simulator, file)
    expect(fresh.code).toBe(200)
    expect((await fetch(fresh.link)).status).toBe(200)
  })

  test('is gone: 404, and there is no link to it', async () => {
    const { simulator, file } = await makeFile({ expiredFiles: 1 })
    expect((await fetch(file)).status).toBe(404)
    expect((await link(simulator, file)).code).toBe(422)
  })

  test('is gone after its lifetime', async () => {
    const { simulator, file } = await makeFile({ fileLifetime: 0 })
    expect((await fetch(file)).status).toBe(404)
    expect((await link(simulator, file)).code).toBe(422)
  })
})

describe('a link', () => {
  test('is new each time, and leads to the same file', async () => {
    const { simulator, file } = await makeFile()
    const [first, second] = [await link(simulator, file), await link(simulator, file)]
    expect(first.link).not.toBe(second.link)
    const files = await Promise.all([file, first.link, second.link].map(async (url) => bytesOf(await fetch(url))))
    expect(files.every((bytes) => bytes.equals(files[0] ?? Buffer.alloc(0)))).toBe(true)
  })

  test('expires', async () => {
    const { simulator, file } = await makeFile({ linkLifetime: 0 })
    expect((await fetch((await link(simulator, file)).link)).status).toBe(403)
    expect((await fetch(file)).status).toBe(200)
  })

  test.each([undefined, null, 7, '', 'https://files.example/l/a.mp4', '/l/a.mp4', {}])(
    'is refused with 422 for %j',
    async (url) => {
      const { simulator } = await makeFile()
      expect((await link(simulator, url)).code).toBe(422)
    },
  )

  test('is refused for a link, for a part of a URL, and for what only begins like this server', async () => {
    const { simulator, file } = await makeFile()
    const { link: fresh } = await link(simulator, file)
    for (const url of [
      fresh,
      `${file}x`,
      file.slice(0, -1),
      `${file}?a=1`,
      file.replace('://', '://x@'),
      simulator.url,
    ]) {
      expect((await link(simulator, url)).code, url).toBe(422)
    }
  })
})

test.each([
  '/l/../package.json',
  '/l/..%2f..%2fpackage.json',
  '/l/%00',
  '/d/',
  '/l//etc/passwd',
  `/l/${'a'.repeat(5_000)}`,
])('nothing but result files is served: %s', async (path) => {
  const { simulator } = await makeFile()
  const request = `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
  expect(await sendRaw(Number(new URL(simulator.url).port), request)).toMatch(/^HTTP\/1\.1 404 /)
})

test('a download that is given up harms nobody', async () => {
  const { file, simulator } = await makeFile()
  const downloads = Array.from({ length: 20 }, async () => {
    const controller = new AbortController()
    await fetch(file, { signal: controller.signal })
    controller.abort()
  })
  await Promise.allSettled(downloads)
  expect((await fetch(file)).status).toBe(200)
  expect(simulator.summary().submitted).toBe(1)
})

test('a contradiction leads to a file of its own', async () => {
  const target = await startTarget()
  const simulator = await simulate({ contradictions: 1, failures: 1 })
  simulator.submit({ callBackUrl: target.url })
  await simulator.idle()
  const [url = ''] = target.arrived[1]?.body.data.resultUrls ?? []
  expect((await fetch(url)).status).toBe(200)
})
