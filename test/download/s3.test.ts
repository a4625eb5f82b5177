import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import { s3Sink, saveResults, saveUrl } from '@luma-callback/download'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failure, local, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'

const BODY = videoOf(12_000_000)
const FILE = { body: BODY, etag: '"one"' }
const Bucket = 'videos'
const directory = mkdtempSync(join(tmpdir(), 'luma-s3-'))
const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory })
let client: S3Client

beforeAll(async () => {
  const { port } = await server.run()
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
  const endpoint = `http://127.0.0.1:${port}`
  client = new S3Client({ endpoint, region: 'here', forcePathStyle: true, credentials, maxAttempts: 1 })
  await client.send(new CreateBucketCommand({ Bucket }))
})

afterAll(async () => {
  client.destroy()
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

async function bytesOf(key: string): Promise<{ bytes: Buffer; type: string | undefined }> {
  const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket, Key: key }))
  return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), type: ContentType }
}

/** What there is of a prefix: whole objects, and what an upload has left. */
async function leftOf(prefix: string): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }))
  const uploads = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.includes('uploads') && path.includes(prefix.replaceAll('/', '')),
  )
  return [...Contents.map(({ Key = '' }) => Key), ...uploads]
}

test('results large and small are objects of their own, under names of ours', async () => {
  const small = videoOf(10_000, 'mov')
  const { url } = await startOrigin((request, response) =>
    serve(request, response, request.url === '/small' ? { body: small } : FILE),
  )
  const task = { taskId: '../../x', resultUrls: [url, new URL('/small', url).href] as [string, string] }
  const saved = await saveResults(task, local(s3Sink({ client, bucket: Bucket, prefix: 'plain/' })))
  expect(saved.map(({ path, sha256 }) => [path, sha256])).toEqual([
    [`s3://videos/plain/${saved[0]?.name}`, sha256Of(BODY)],
    [`s3://videos/plain/${saved[1]?.name}`, sha256Of(small)],
  ])
  const [first, second] = [await bytesOf(`plain/${saved[0]?.name}`), await bytesOf(`plain/${saved[1]?.name}`)]
  expect([first.bytes.equals(BODY), first.type]).toEqual([true, 'video/mp4'])
  expect([second.bytes.equals(small), second.type]).toEqual([true, 'video/quicktime'])
  expect(saved[0]?.name).toMatch(/^x\.[0-9a-f]{16}-1\.mp4$/)
})

test('what is there already is not fetched again', async () => {
  const { url, requests } = await startOrigin((request, response) => serve(request, response, FILE))
  const options = { ...local(s3Sink({ client, bucket: Bucket, prefix: 'again/' })), name: 'fox' }
  await saveUrl(url, options)
  expect(await saveUrl(url, options)).toMatchObject({
    alreadySaved: true,
    bytes: BODY.length,
    path: 's3://videos/again/fox.mp4',
    contentType: 'video/mp4',
  })
  expect(requests).toHaveLength(1)
})

test('a connection that is cut is one object all the same', async () => {
  const { url } = await startOrigin((request, response) => serve(request, response, FILE, { cutAfter: 5_000_000 }))
  const options = { ...local(s3Sink({ client, bucket: Bucket, prefix: 'cut/' })), name: 'fox' }
  expect(await saveUrl(url, options)).toMatchObject({ resumed: true, sha256: sha256Of(BODY) })
  expect((await bytesOf('cut/fox.mp4')).bytes.equals(BODY)).toBe(true)
})

test.each([
  ['aborted', 11_000_000],
  ['aborted before the first part', 1_000_000],
])('an upload that is %s leaves no half object', async (_, stallAfter) => {
  const { url } = await startOrigin((request, response) => serve(request, response, FILE, { stallAfter }))
  const abort = new AbortController()
  const reason = new Error('stopping')
  let received = 0
  const onProgress = (progress: { received: number }): void => {
    received = progress.received
  }
  const prefix = `aborted-${stallAfter}/`
  const sink = s3Sink({ client, bucket: Bucket, prefix })
  const saving = failure(saveUrl(url, { ...local(sink), name: 'fox', signal: abort.signal, onProgress }))
  await expect.poll(() => received).toBeGreaterThan(stallAfter / 2)
  await new Promise((resolve) => setTimeout(resolve, 200))
  abort.abort(reason)
  expect(await saving).toBe(reason)
  expect(await leftOf(prefix)).toEqual([])
  await expect(client.send(new HeadObjectCommand({ Bucket, Key: `${prefix}fox.mp4` }))).rejects.toThrow()
})

test('nor does one whose checksum is wrong', async () => {
  const { url } = await startOrigin((request, response) => serve(request, response, FILE))
  const options = {
    ...local(s3Sink({ client, bucket: Bucket, prefix: 'wrong/' })),
    sha256: '0'.repeat(64),
    name: 'fox',
  }
  const error = await failure(saveUrl(url, { ...options, retry: { attempts: 1 } }))
  expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_CHECKSUM' })
  expect(await leftOf('wrong/')).toEqual([])
})

test('a bucket that is not there: the message names the object and what S3 said', async () => {
  const { url } = await startOrigin((request, response) => serve(request, response, FILE))
  const sink = s3Sink({ client, bucket: 'no-such-bucket' })
  const error = await failure(saveUrl(url, { ...local(sink), name: 'fox' }))
  expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true })
  expect(error.message).toMatch(/^fox: the sink failed: .*bucket/)
})

test.each([
  [{ client: {}, bucket: 'b' }, 'option "client" must be an S3Client'],
  [{ client: { send: () => {} }, bucket: '' }, 'option "bucket" must be the name of a bucket'],
  [{ client: { send: () => {} }, bucket: 'b', prefix: 5 }, 'option "prefix" must be a text'],
])('options: %o', (options, message) => {
  expect(() => s3Sink(options as never)).toThrow(new TypeError(`s3Sink: ${message}`))
})
