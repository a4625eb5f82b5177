import { saveUrl } from '@luma-callback/download'
import { existsSync, readdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startChild } from '../helpers/child.ts'
import { local, newDirectory, serve, sha256Of, startOrigin, videoOf, type OriginFile } from '../helpers/origin.ts'

const BODY = videoOf(3_000_000)
const FILE: OriginFile = { body: BODY, etag: '"one"' }
const DATED: OriginFile = { body: BODY, lastModified: 'Mon, 02 Nov 2026 10:00:00 GMT' }
const once = { retry: { attempts: 1 } }

describe('a connection that is cut', () => {
  test('it goes on with Range and If-Range where it was, however often it is cut', async () => {
    const { url, requests } = await startOrigin((request, response) =>
      serve(request, response, FILE, { cutAfter: 700_000 }),
    )
    const saved = await saveUrl(url, { ...local(newDirectory()), retry: { attempts: 10, minDelay: 1, maxDelay: 2 } })
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: true, attempts: 5 })
    const ranges = requests.map(({ headers }) => headers.range)
    expect(ranges[0]).toBeUndefined()
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true)
    expect(new Set(requests.slice(1).map(({ headers }) => headers['if-range']))).toEqual(new Set(['"one"']))
  })

  test('without an ETag, the time of the last change tells', async () => {
    const file = { body: BODY, lastModified: 'Mon, 02 Nov 2026 10:00:00 GMT', etag: 'W/"weak"' }
    const { url, requests } = await startOrigin((request, response, count) =>
      serve(request, response, file, count === 1 ? { cutAfter: 700_000 } : {}),
    )
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ sha256: sha256Of(BODY), resumed: true })
    expect(requests[1]?.headers['if-range']).toBe(file.lastModified)
  })

  test('with nothing to tell the same file by, it starts over', async () => {
    const { url, requests } = await startOrigin((request, response, count) =>
      serve(request, response, { body: BODY }, count === 1 ? { cutAfter: 700_000 } : {}),
    )
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ sha256: sha256Of(BODY), resumed: false })
    expect(requests[1]?.headers.range).toBeUndefined()
  })

  test('a file that has changed meanwhile is fetched from its start', async () => {
    const changed = videoOf(2_000_000, 'mov')
    const { url } = await startOrigin((request, response, count) =>
      count === 1
        ? serve(request, response, FILE, { cutAfter: 700_000 })
        : serve(request, response, { body: changed, etag: '"two"' }),
    )
    const saved = await saveUrl(url, { ...local(newDirectory()), name: 'fox' })
    expect(saved).toMatchObject({ sha256: sha256Of(changed), resumed: false, name: 'fox.mov', bytes: changed.length })
  })

  test('a server that knows no ranges is asked for all again', async () => {
    const { url } = await startOrigin((request, response, count) => {
      delete request.headers.range
      serve(request, response, FILE, count === 1 ? { cutAfter: 700_000 } : {})
    })
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject({ sha256: sha256Of(BODY), resumed: false })
  })

  test.each([
    ['another place', { 'content-range': `bytes 5-${BODY.length - 1}/${BODY.length}` }],
    ['another length', { 'content-range': `bytes 700000-${BODY.length}/${BODY.length + 1}` }],
    ['another ETag', { etag: '"two"' }],
    ['no place at all', { 'content-range': '' }],
  ])('a 206 of %s is not appended', async (_, wrong) => {
    const { url, requests } = await startOrigin((request, response, count) => {
      if (count === 1) return serve(request, response, FILE, { cutAfter: 700_000 })
      if (request.headers.range === undefined) return serve(request, response, FILE)
      const from = Number(/\d+/.exec(request.headers.range)?.[0])
      const contentRange = `bytes ${from}-${BODY.length - 1}/${BODY.length}`
      response
        .writeHead(206, { etag: '"one"', 'content-range': contentRange, ...wrong })
        .end(Buffer.alloc(BODY.length - from))
    })
    const expected = { sha256: sha256Of(BODY), resumed: false, attempts: 2 }
    expect(await saveUrl(url, local(newDirectory()))).toMatchObject(expected)
    expect(requests).toHaveLength(3)
  })

  test('a 206 that nobody asked for is not taken', async () => {
    const { url } = await startOrigin((_, response) =>
      response.writeHead(206, { 'content-range': `bytes 0-9/${BODY.length}` }).end(BODY.subarray(0, 10)),
    )
    const to = newDirectory()
    await expect(saveUrl(url, local(to))).rejects.toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_LENGTH' })
    expect(readdirSync(to).filter((name) => !name.startsWith('.'))).toEqual([])
  })
})

describe('what an earlier run left', () => {
  /** A run that was ended with so much of the file, which its note says is durable. */
  async function interrupted(to: string, file: OriginFile = FILE): Promise<void> {
    const { url } = await startOrigin((request, response) => serve(request, response, file, { cutAfter: 1_500_000 }))
    await expect(saveUrl(url, { ...local(to), ...once, name: 'fox' })).rejects.toMatchObject({
      code: 'ERR_LUMA_DOWNLOAD_CONNECTION',
    })
    const note = JSON.parse(readFileSync(join(to, '.fox.part.json'), 'utf8')) as Record<string, unknown>
    expect(note).toMatchObject({ received: statSync(join(to, '.fox.part')).size })
  }

  test('it is kept, hidden, and nothing is under the last name', async () => {
    const to = newDirectory()
    await interrupted(to)
    expect(readdirSync(to).toSorted()).toEqual(['.fox.part', '.fox.part.json'])
  })

  /** Runs that share a server. */
  async function twice(second: (to: string) => void, file: OriginFile = FILE, later: OriginFile = file) {
    const to = newDirectory()
    const { url, requests } = await startOrigin((request, response, count) =>
      serve(request, response, count === 1 ? file : later, count === 1 ? { cutAfter: 1_500_000 } : {}),
    )
    await saveUrl(url, { ...local(to), ...once, name: 'fox' }).catch(() => {})
    second(to)
    const saved = await saveUrl(`${url}?signed=again`, { ...local(to), name: 'fox' })
    expect(readdirSync(to)).toEqual([saved.name])
    return { saved, ranges: requests.map(({ headers }) => headers.range) }
  }

  test('the next run goes on with it, though the link was signed anew', async () => {
    const { saved, ranges } = await twice(() => {})
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: true, attempts: 1 })
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d+-$/)
  })

  test('bytes that the note does not vouch for are not trusted', async () => {
    const { saved } = await twice((to) => {
      const path = join(to, '.fox.part')
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(1_000_000, 7)]))
    })
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: true })
  })

  test.each([
    ['the file is shorter than the note says', (to: string) => truncateSync(join(to, '.fox.part'), 10)],
    ['the note is damaged', (to: string) => writeFileSync(join(to, '.fox.part.json'), '{"received":1')],
    ['the note is of another shape', (to: string) => writeFileSync(join(to, '.fox.part.json'), '{"received":-1}')],
  ])('%s: from the start', async (_, damage) => {
    const { saved, ranges } = await twice(damage)
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: false })
    expect(ranges[1]).toBeUndefined()
  })

  test.each([
    ['the same strong ETag: it goes on', FILE, FILE, true],
    ['another ETag: from the start', FILE, { ...FILE, etag: '"two"' }, false],
    ['the time of the last change only: from the start', DATED, DATED, false],
  ])('at another URL, with %s', async (_, file, later, resumed) => {
    const to = newDirectory()
    await interrupted(to, file)
    const { url, requests } = await startOrigin((request, response) => serve(request, response, later))
    const saved = await saveUrl(url, { ...local(to), name: 'fox' })
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed, attempts: 1 })
    expect(requests[0]?.headers['if-range']).toBe(file.etag)
  })

  test('at another URL, a part that does not say of which ETag it is is not appended', async () => {
    const to = newDirectory()
    await interrupted(to)
    const { url } = await startOrigin((request, response, count) => {
      delete request.headers['if-range']
      serve(request, response, { body: BODY, ...(count > 1 && { etag: '"two"' }) })
    })
    expect(await saveUrl(url, { ...local(to), name: 'fox' })).toMatchObject({ resumed: false })
  })

  test('damage to what was kept is found by the checksum, and all of it is fetched again', async () => {
    const digest = Buffer.from(sha256Of(BODY), 'hex').toString('base64')
    const { saved } = await twice(
      (to) => {
        const path = join(to, '.fox.part')
        const bytes = readFileSync(path)
        bytes[100_000] = (bytes[100_000] ?? 0) ^ 1
        writeFileSync(path, bytes)
      },
      { ...FILE, headers: { 'repr-digest': `sha-256=:${digest}:` } },
    )
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: false, attempts: 2 })
  })

  test('when all had come and only the last name was missing, nothing is asked for', async () => {
    const to = newDirectory()
    const { url, requests } = await startOrigin((request, response) => serve(request, response, FILE))
    await saveUrl(url, { ...local(to), name: 'fox' })
    const identity = sha256Of(Buffer.from(url))
    const note = { identity, validator: '"one"', total: BODY.length, checksums: {}, received: BODY.length }
    const leave = (): void => {
      renameSync(join(to, 'fox.mp4'), join(to, '.fox.part'))
      writeFileSync(join(to, '.fox.part.json'), JSON.stringify(note))
    }
    leave()
    const small = saveUrl(url, { ...local(to), name: 'fox', maxBytes: 1_000 })
    await expect(small).rejects.toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TOO_LARGE' })
    expect(readdirSync(to)).toEqual([])

    await saveUrl(url, { ...local(to), name: 'fox' })
    leave()
    const saved = await saveUrl(url, { ...local(to), name: 'fox' })
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), resumed: true })
    expect(requests).toHaveLength(2)
  })

  test('416 for what is complete means complete; for all else, from the start', async () => {
    const to = newDirectory()
    // Chunked, so that nobody knew the length before.
    const { url, requests } = await startOrigin((request, response) => {
      if (request.headers.range) return serve(request, response, FILE)
      response.writeHead(200, { etag: '"one"' })
      response.write(BODY, () => response.destroy())
    })
    expect(await saveUrl(url, local(to))).toMatchObject({ sha256: sha256Of(BODY), resumed: true, attempts: 2 })
    expect(requests[1]?.headers.range).toBe(`bytes=${BODY.length}-`)

    const shorter = videoOf(1_000_000)
    const { saved } = await twice(() => {}, FILE, { body: shorter, etag: '"one"' })
    expect(saved).toMatchObject({ sha256: sha256Of(shorter), resumed: false })
  })
})

test('a process killed in the middle of a large file: the next run resumes, and the hash is right', async () => {
  const to = newDirectory()
  const body = videoOf(64_000_000)
  const { url, requests } = await startOrigin((request, response, count) =>
    serve(request, response, { body, etag: '"big"' }, count === 1 ? { stallAfter: 50_000_000 } : {}),
  )
  const child = startChild('test/download/saver.ts', [url, to])
  await expect.poll(() => noteOf(to)?.received).toBeGreaterThanOrEqual(32_000_000)
  child.process.kill('SIGKILL')
  expect(await child.ended).toBe('SIGKILL')
  expect(existsSync(join(to, 'big.mp4'))).toBe(false)

  const second = startChild('test/download/saver.ts', [url, to])
  const [, json = ''] = await second.says(/^saved (\{.*\})$/m)
  expect(JSON.parse(json)).toMatchObject({ sha256: sha256Of(body), resumed: true, bytes: body.length })
  expect(sha256Of(readFileSync(join(to, 'big.mp4')))).toBe(sha256Of(body))
  expect(readdirSync(to)).toEqual(['big.mp4'])
  expect(Number(/\d+/.exec(requests[1]?.headers.range ?? '')?.[0])).toBeGreaterThanOrEqual(32_000_000)
})

function noteOf(to: string): { received: number } | undefined {
  try {
    return JSON.parse(readFileSync(join(to, '.big.part.json'), 'utf8')) as { received: number }
  } catch {
    return undefined
  }
}
