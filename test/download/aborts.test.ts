import { S3Client } from '@aws-sdk/client-s3'
import { s3Sink, saveUrl, type Sink, type SinkMeta } from '@luma-callback/download'
import { truncateSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'
import { listen } from '../helpers/servers.ts'

const BODY = videoOf(3_000_000)
const FILE = { body: BODY, etag: '"one"' }
const forever = (): Promise<never> => new Promise(() => {})

const plain = () => startOrigin((request, response) => serve(request, response, FILE))

describe('an abort, and the end of the time for all, is kept to by whatever hangs', () => {
  const reason = new Error('stopping')

  /** Both: with the signal's own reason, and with the timeout's error. */
  async function ends(url: string, options: Parameters<typeof saveUrl>[1], hangs: () => unknown): Promise<void> {
    const abort = new AbortController()
    const saving = failure(saveUrl(url, { ...options, signal: abort.signal }))
    await expect.poll(hangs).toBeTruthy()
    abort.abort(reason)
    expect(await saving).toBe(reason)
    const late = await failure(saveUrl(url, { ...options, timeouts: { total: 200 } }))
    expect(late).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TIMEOUT' })
    expect(late.message).toContain('not complete within 200 ms')
  }

  test('refresh', async () => {
    const { url } = await startOrigin((_, response) => response.writeHead(403).end())
    let asked = 0
    const refresh = () => (asked++, forever())
    await ends(url, { ...local(newDirectory()), refresh }, () => asked)
  })

  test('a sink that looks for what it has', async () => {
    const { url } = await plain()
    let asked = 0
    const sink: Sink = { write: forever, find: () => (asked++, forever()) }
    await ends(url, local(sink), () => asked)
  })

  test('a sink that reads nothing', async () => {
    const { url } = await plain()
    let asked = 0
    await ends(url, local({ write: () => (asked++, forever()) }), () => asked)
  })

  test('a sink that has read all', async () => {
    const { url } = await plain()
    let read = 0
    const write: Sink['write'] = async (stream) => {
      for await (const chunk of stream) read += chunk.length
      return forever()
    }
    await ends(url, local({ write }), () => read === BODY.length)
  })

  test('a file that is there and is being read', async () => {
    const to = newDirectory()
    const { url } = await plain()
    const path = join(to, 'fox.mp4')
    writeFileSync(path, '')
    truncateSync(path, 2_000_000_000)
    const abort = new AbortController()
    const saving = failure(saveUrl(url, { ...local(to), name: 'fox', signal: abort.signal }))
    setTimeout(() => abort.abort(reason), 100)
    expect(await saving).toBe(reason)
    const late = await failure(saveUrl(url, { ...local(to), name: 'fox', timeouts: { total: 100 } }))
    expect(late).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TIMEOUT' })
  })
})

test('a sink is told by its signal that nothing of it may stay', async () => {
  const metas: SinkMeta[] = []
  const { url } = await startOrigin((request, response, count) =>
    count === 1
      ? serve(request, response, FILE, { cutAfter: 1_500_000 })
      : serve(request, response, { body: BODY, etag: '"two"' }),
  )
  const write: Sink['write'] = async (stream, meta) => {
    metas.push(meta)
    for await (const _ of stream);
  }
  expect(await saveUrl(url, local({ write }))).toMatchObject({ sha256: sha256Of(BODY) })
  expect(metas.map(({ signal }) => signal.aborted)).toEqual([true, false])
})

test.each([
  ['the object', 'PUT', 1_000_000],
  ['a part of it', 'PUT', 12_000_000],
])('an abort reaches a bucket that does not answer: %s', async (_, method, size) => {
  const asked: IncomingMessage[] = []
  const closed: Promise<void>[] = []
  const { url: endpoint } = await listen(
    createServer((request, response) => {
      request.resume()
      if (request.method === 'HEAD') return response.writeHead(404).end()
      if (request.method === 'POST') {
        return response.end('<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>')
      }
      asked.push(request)
      if (request.method === 'DELETE') return response.writeHead(204).end()
      return void closed.push(new Promise((resolve) => response.once('close', resolve)))
    }),
  )
  const client = new S3Client({
    endpoint,
    region: 'here',
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  })
  onTestFinished(() => client.destroy())
  const { url } = await startOrigin((request, response) => serve(request, response, { body: videoOf(size) }))
  const abort = new AbortController()
  const sink = s3Sink({ client, bucket: 'videos' })
  const saving = failure(saveUrl(url, { ...local(sink), name: 'fox', signal: abort.signal }))
  await expect.poll(() => asked.length).toBeGreaterThan(0)
  expect(asked[0]?.method).toBe(method)
  const reason = new Error('stopping')
  abort.abort(reason)
  expect(await saving).toBe(reason)
  await Promise.all(closed)
  // What parts there are already is taken away.
  expect(asked.some((request) => request.method === 'DELETE')).toBe(size > 5_000_000)
})

describe('of another realm, as values are in Jest', () => {
  test('a signal is taken by what it can do', async () => {
    const { url } = await startOrigin(() => {})
    const listeners: (() => void)[] = []
    const addEventListener = (_type: string, listener: () => void) => listeners.push(listener)
    const signal = { aborted: false, reason: undefined as unknown, addEventListener, removeEventListener() {} }
    const saving = failure(saveUrl(url, { ...local(newDirectory()), signal: signal as unknown as AbortSignal }))
    await expect.poll(() => listeners.length).toBeGreaterThan(0)
    Object.assign(signal, { aborted: true, reason: new Error('stopping') })
    for (const listener of listeners) listener()
    expect(await saving).toBe(signal.reason)
  })

  test('what a sink throws is told by its message', async () => {
    const { url } = await plain()
    const write = () => Promise.reject(runInNewContext(`new Error('the bucket is full')`))
    const error = await failure(saveUrl(url, local({ write })))
    expect(error.message).toMatch(/the sink failed: the bucket is full$/)
  })
})
