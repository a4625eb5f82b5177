import { DownloadError, saveUrl } from '@luma-callback/download'
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startChild, startCommand } from '../helpers/child.ts'
import { canMount, mountReason } from '../helpers/namespaces.ts'
import { local, newDirectory, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'

const BODY = videoOf(3_000_000)

async function originOf(body = BODY) {
  return startOrigin((request, response) => serve(request, response, { body, etag: '"one"' }))
}

test('a file is saved whole, and the result says what it is', async () => {
  const to = join(newDirectory(), 'made', 'if need be')
  const { url } = await originOf()
  const saved = await saveUrl(`${url}?token=secret`, { ...local(to), name: 'fox' })
  expect(saved).toEqual({
    path: join(to, 'fox.mp4'),
    name: 'fox.mp4',
    url,
    bytes: BODY.length,
    sha256: sha256Of(BODY),
    contentType: 'video/mp4',
    attempts: 1,
    resumed: false,
    alreadySaved: false,
    duration: expect.any(Number),
  })
  expect(readFileSync(saved.path ?? '').equals(BODY)).toBe(true)
  expect(readdirSync(to)).toEqual(['fox.mp4'])
})

test('saving again what is there and whole is a no-op that says so, and asks nobody', async () => {
  const to = newDirectory()
  const { url, requests } = await originOf()
  const first = await saveUrl(url, local(to))
  const again = await saveUrl(url, local(to))
  expect(again).toMatchObject({ path: first.path, sha256: first.sha256, bytes: first.bytes, name: first.name })
  expect(again).toMatchObject({ alreadySaved: true, attempts: 0, contentType: 'video/mp4' })
  expect(requests).toHaveLength(1)
})

test('what is there and is not what it should be is fetched again', async () => {
  const to = newDirectory()
  const { url } = await originOf()
  writeFileSync(join(to, 'fox.mp4'), 'something else')
  const saved = await saveUrl(url, { ...local(to), name: 'fox', sha256: sha256Of(BODY).toUpperCase() })
  expect(saved).toMatchObject({ alreadySaved: false, sha256: sha256Of(BODY) })
  expect(readFileSync(join(to, 'fox.mp4')).equals(BODY)).toBe(true)
})

test('what was fetched in place of what is wrong is found again, also under another extension', async () => {
  const to = newDirectory()
  const body = videoOf(5_000, 'mov')
  const { url, requests } = await originOf(body)
  writeFileSync(join(to, 'fox.mp4'), 'something else')
  const options = { ...local(to), name: 'fox', sha256: sha256Of(body) }
  expect(await saveUrl(url, options)).toMatchObject({ alreadySaved: false, name: 'fox.mov' })
  expect(await saveUrl(url, options)).toMatchObject({ alreadySaved: true, name: 'fox.mov' })
  expect(requests).toHaveLength(1)
})

test('two that save the same at once fetch it once', async () => {
  const to = newDirectory()
  const { url, requests } = await originOf()
  const both = await Promise.all([saveUrl(url, local(to)), saveUrl(url, local(to))])
  expect(both.filter(({ alreadySaved }) => alreadySaved)).toHaveLength(1)
  expect(requests).toHaveLength(1)
})

test('a note that a crash left beside a complete file is taken away', async () => {
  const to = newDirectory()
  const { url } = await originOf()
  await saveUrl(url, { ...local(to), name: 'fox' })
  writeFileSync(join(to, '.fox.part.json'), '{}')
  expect(await saveUrl(url, { ...local(to), name: 'fox' })).toMatchObject({ alreadySaved: true })
  expect(readdirSync(to)).toEqual(['fox.mp4'])
})

test.each([
  ['mp4', 'video/mp4'],
  ['mov', 'video/quicktime'],
  ['avi', 'video/x-msvideo'],
] as const)('a %s is named by what it begins with, not by what the server says', async (kind, contentType) => {
  const to = newDirectory()
  const { url } = await originOf(videoOf(5_000, kind))
  const saved = await saveUrl(url, { ...local(to), name: 'fox' })
  expect(saved).toMatchObject({ name: `fox.${kind}`, contentType })
})

test('checkContent: false takes anything, as a .bin', async () => {
  const to = newDirectory()
  const { url } = await originOf(Buffer.from('<html>'))
  expect(await saveUrl(url, { ...local(to), checkContent: false, name: 'a' })).toMatchObject({
    name: 'a.bin',
    bytes: 6,
  })
  const empty = await originOf(Buffer.alloc(0))
  expect(await saveUrl(empty.url, { ...local(to), checkContent: false, name: 'b' })).toMatchObject({ bytes: 0 })
  expect(readFileSync(join(to, 'b.bin'))).toHaveLength(0)
})

test('progress is told, rises, and ends with all', async () => {
  const { url } = await originOf()
  const told: { received: number; total: number | undefined; url: string; rate: number }[] = []
  await saveUrl(`${url}?secret`, { ...local(newDirectory()), onProgress: (progress) => told.push(progress) })
  expect(told[0]).toMatchObject({ url, received: 0, total: BODY.length })
  expect(told.at(-1)).toMatchObject({ received: BODY.length, total: BODY.length, rate: expect.any(Number) })
  expect(told.map(({ received }) => received)).toEqual(told.map(({ received }) => received).toSorted((a, b) => a - b))
})

test('progress is told while nothing comes, and what onProgress throws ends the download', async () => {
  const { url } = await startOrigin((request, response) =>
    serve(request, response, { body: BODY }, { stallAfter: 1_000_000 }),
  )
  const bug = new Error('a bug in the progress bar')
  const seen: number[] = []
  const onProgress = ({ received }: { received: number }): void => {
    seen.push(received)
    if (received > 0 && seen.length > 3) throw bug
  }
  const saving = saveUrl(url, { ...local(newDirectory()), onProgress, timeouts: { idle: 600 }, retry: { attempts: 2 } })
  await expect(saving).rejects.toBe(bug)
  expect(seen).toContain(1_000_000)
})

describe('a place that cannot take it', () => {
  test.each(['mp4', 'mov', 'bin'])('a link planted at the name of the .%s is not followed', async (extension) => {
    const to = newDirectory()
    const victim = join(newDirectory(), 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, join(to, `fox.${extension}`))
    const { url, requests } = await originOf()
    const saving = saveUrl(url, { ...local(to), name: 'fox' })
    await expect(saving).rejects.toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: false })
    expect(readFileSync(victim, 'utf8')).toBe('precious')
    expect(requests).toHaveLength(0)
  })

  test('nor is one at the name of the unfinished file', async () => {
    const to = newDirectory()
    const victim = join(newDirectory(), 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, join(to, '.fox.part'))
    const { url } = await originOf()
    await saveUrl(url, { ...local(to), name: 'fox' })
    expect(readFileSync(victim, 'utf8')).toBe('precious')
    expect(readdirSync(to)).toEqual(['fox.mp4'])
  })

  test('a file in place of the directory', async () => {
    const file = join(newDirectory(), 'file')
    writeFileSync(file, '')
    const { url } = await originOf()
    const error: unknown = await saveUrl(url, local(file)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DownloadError)
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true })
    expect((error as Error).message).toContain(file)
  })

  test('a directory that may not be written to', async () => {
    const to = newDirectory()
    chmodSync(to, 0o555)
    const { url } = await originOf()
    const child = startChild('test/download/saver.ts', [url, to], { AS_NOBODY: '1' })
    const [, json = ''] = await child.says(/^failed (\{.*\})$/m)
    expect(JSON.parse(json)).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true, left: [] })
    expect(json).toContain(`cannot save into ${to}: EACCES`)
  })

  // Needs a small file system of its own, which not every system lets one mount.
  test.runIf(canMount)(
    `a disk that is full: nothing is left on it, and the next that fits is saved${mountReason}`,
    async () => {
      const to = newDirectory()
      const { url, requests } = await originOf(videoOf(20_000_000))
      const small = await originOf()
      const mount = 'mount -t tmpfs -o size=8m tmpfs "$0" && "$1" "$2" "$3" "$0"; "$1" "$2" "$4" "$0"'
      const save = [to, process.execPath, 'test/download/saver.ts', url, small.url]
      const child = startCommand('unshare', ['--map-root-user', '--mount', 'sh', '-c', mount, ...save])
      expect(await child.ended, child.output()).toBe(0)
      const [, json = ''] = /^failed (\{.*\})$/m.exec(child.output()) ?? []
      expect(JSON.parse(json)).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true, left: [] })
      expect(json).toContain('ENOSPC')
      expect(child.output()).toMatch(/^saved /m)
      expect(requests).toHaveLength(1)
    },
  )
})

describe('options', () => {
  test.each([
    [{}, 'option "to" must be a directory, or a sink with the method write'],
    [{ to: '' }, 'option "to" must be a directory, or a sink with the method write'],
    [{ to: {} }, 'option "to" must be a directory, or a sink with the method write'],
    [{ to: 'x', retires: 5 }, 'unknown option "retires". Known are to, allowHosts'],
    [{ to: 'x', maxBytes: '1gb' }, 'option "maxBytes" must be an integer of at least 1, in bytes'],
    [{ to: 'x', maxBytes: 0 }, 'option "maxBytes" must be an integer of at least 1, in bytes'],
    [{ to: 'x', maxBytes: Number.NaN }, 'option "maxBytes" must be an integer of at least 1, in bytes'],
    [
      { to: 'x', timeouts: { idle: 2 ** 31 } },
      'option "timeouts.idle" must be an integer from 1 to 2147483647, in milliseconds',
    ],
    [
      { to: 'x', timeouts: { total: 0 } },
      'option "timeouts.total" must be an integer from 1 to 2147483647, in milliseconds',
    ],
    [{ to: 'x', timeouts: { read: 5 } }, 'unknown option "timeouts.read"'],
    [{ to: 'x', retry: { attempts: Infinity } }, 'option "retry.attempts" must be an integer from 1 to 1000'],
    [{ to: 'x', sha256: 'abc' }, 'option "sha256" must be 64 hexadecimal digits'],
    [{ to: 'x', allowHosts: 'a.example' }, 'option "allowHosts" must be a list of host names'],
    [{ to: 'x', allowPrivate: 'no' }, 'option "allowPrivate" must be true or false'],
    [{ to: 'x', signal: {} }, 'option "signal" must be an AbortSignal'],
    [{ to: 'x', refresh: 'x' }, 'option "refresh" must be a function'],
    [{ to: 'x', onProgress: 1 }, 'option "onProgress" must be a function'],
    [{ to: 'x', name: '' }, 'option "name" must be a text that is not empty'],
    [undefined, 'option "to" must be'],
  ])('%o: %s', async (options, message) => {
    const saving = saveUrl('https://a.example/x.mp4', options as never)
    await expect(saving).rejects.toThrow(TypeError)
    await expect(saving).rejects.toThrow(`saveUrl: ${message}`)
    expect(existsSync('x')).toBe(false)
  })
})
