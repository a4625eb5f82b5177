import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineOf } from '../../packages/cli/src/bars.ts'
import { jsonLines, run } from '../helpers/cli.ts'
import { startCommand } from '../helpers/child.ts'
import { newDirectory, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'
import { failureOf, successOf } from '../helpers/signed.ts'

const BODY = videoOf(1_500_000)
const LOCAL = ['--allow-http', '--allow-private']

const plain = () => startOrigin((request, response) => serve(request, response, { body: BODY, etag: '"one"' }))

test('saves what is at URLs, says where, how large and with which hash; again, that it is there', async () => {
  const to = newDirectory()
  const { url } = await plain()
  const { code, stdout, stderr } = await run(['download', url, '--to', to, ...LOCAL])
  expect([code, stderr]).toEqual([0, ''])
  const [file = ''] = readdirSync(to)
  expect(stdout).toMatch(/^saved {2}\S+\n {7}1\.5 MB in [\d.]+ m?s, sha256 [0-9a-f]{64}\n$/)
  expect(stdout).toContain(join(to, file))
  expect(stdout).toContain(sha256Of(BODY))
  const again = await run(['download', url, '--to', to, ...LOCAL])
  expect(again).toMatchObject({ code: 0 })
  expect(again.stdout).toContain(`there  ${join(to, file)}\n`)
})

test('saves the results of a callback, from a file or the standard input', async () => {
  const { url } = await plain()
  const { taskId, body } = successOf()
  const callback = body.replaceAll(/https:[^"\\]+\.mp4/g, url)
  const file = join(newDirectory(), 'callback.json')
  writeFileSync(file, callback)
  for (const [name, input] of [
    [file, ''],
    ['-', callback],
  ] as const) {
    const to = newDirectory()
    const { code } = await run(['download', '--callback', name, '--to', to, ...LOCAL], { input })
    expect(code).toBe(0)
    expect(readdirSync(to)).toEqual([`${taskId}-1.mp4`])
    expect(readFileSync(join(to, `${taskId}-1.mp4`)).equals(BODY)).toBe(true)
  }
})

test('one of many that is not there does not keep the others, and is told with what to do', async () => {
  const to = newDirectory()
  const good = await plain()
  const gone = await startOrigin((_, response) => response.writeHead(404).end())
  const { code, stdout, stderr } = await run(['download', gone.url, good.url, '--to', to, ...LOCAL])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^saved /m)
  expect(stderr).toBe(
    `error: ${gone.url}: answered 404; the link has expired, or the file never existed\n` +
      'hint: the API gives new links for 14 days: POST /api/v1/common/download-url\n',
  )
})

test('--json: a line a file, with what the library says', async () => {
  const to = newDirectory()
  const good = await plain()
  const page = await startOrigin((_, response) => response.end('<html>'))
  const { code, stdout, stderr } = await run(['download', page.url, good.url, '--to', to, '--json', ...LOCAL])
  expect([code, stderr]).toEqual([1, ''])
  expect(jsonLines(stdout)).toEqual([
    { type: 'failed', code: 'ERR_LUMA_DOWNLOAD_CONTENT', message: expect.any(String), retryable: true },
    expect.objectContaining({ type: 'saved', sha256: sha256Of(BODY), bytes: BODY.length, attempts: 1 }),
  ])
  const any = await run(['download', page.url, '--to', to, '--any-content', ...LOCAL])
  expect(any).toMatchObject({ code: 0, stderr: '' })
})

test('--sha256 and --max-bytes and --allow-host', async () => {
  const { url } = await plain()
  const save = (...args: string[]) => run(['download', url, '--to', newDirectory(), ...LOCAL, ...args])
  expect(await save('--sha256', sha256Of(BODY))).toMatchObject({ code: 0 })
  expect(await save('--max-bytes', '1000')).toMatchObject({ code: 1, stderr: expect.stringContaining('maxBytes') })
  expect(await save('--allow-host', 'files.example', '127.0.0.1')).toMatchObject({ code: 0 })
  expect(await save('--allow-host', 'files.example')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('its host is not in allowHosts'),
  })
})

test('Ctrl-C ends it, and the same command goes on from there', async () => {
  const to = newDirectory()
  const { url } = await startOrigin((request, response, count) =>
    serve(request, response, { body: BODY, etag: '"one"' }, count === 1 ? { stallAfter: 1_200_000 } : {}),
  )
  const args = ['packages/cli/dist/bin.js', 'download', url, '--to', to, ...LOCAL]
  const child = startCommand(process.execPath, args)
  // A block is on the disk, which the next one can go on from.
  const partSize = () => {
    const part = readdirSync(to).find((name) => name.endsWith('.part'))
    return part === undefined ? 0 : statSync(join(to, part)).size
  }
  await expect.poll(partSize).toBeGreaterThanOrEqual(1024 ** 2)
  child.process.kill('SIGINT')
  expect(await child.ended).toBe(130)
  const { code, stdout } = await run(args.slice(1))
  expect(code).toBe(0)
  expect(stdout).toContain('(resumed)')
  expect(readdirSync(to)).toHaveLength(1)
})

test.each([
  [['https://192.168.0.1/x.mp4'], 1, 'not a public address', '--allow-private also allows'],
  [['http://a.example/x.mp4'], 1, 'only https is allowed', '--allow-http also allows'],
  [[], 2, 'name URLs, or a file with a callback as --callback', ''],
  [['https://a.example/', '--callback', 'x.json'], 2, 'name URLs, or a file', ''],
  [['https://a.example/', 'https://b.example/', '--sha256', 'x'], 2, '--sha256 is for a single file', ''],
  [['https://a.example/', '--sha256', 'x'], 2, 'option "sha256" must be 64 hexadecimal digits', ''],
  [['--callback', 'no-such-file.json'], 2, 'no-such-file.json cannot be read', ''],
  [['https://a.example/', '--max-bytes', '1gb'], 2, 'It must be a', ''],
])('%j ends with %i: %s', async (args, exitCode, message, hint) => {
  const { code, stderr, stdout } = await run(['download', ...args, '--to', newDirectory()])
  expect([code, stdout]).toEqual([exitCode, ''])
  expect(stderr).toContain(message)
  expect(stderr).toContain(hint)
  expect(stderr).not.toMatch(/^\s+at /m)
})

test('a bar holds what is more than it should be, and less than nothing that is left', () => {
  const url = 'https://files.example/fox.mp4'
  expect(lineOf({ url, received: 500, total: 1_000, rate: 100 })).toMatch(
    /^█{12}░{12} {2}50 % .*, 5 s left {2}fox\.mp4$/,
  )
  expect(lineOf({ url, received: 3_000, total: 1_000, rate: 100 })).toMatch(/^█{24} 100 % .*, 0 ms left {2}fox\.mp4$/)
  expect(lineOf({ url, received: 0, total: 0, rate: 0 })).toMatch(/^░{24} {3}0 % /)
})

test('a callback without results', async () => {
  const failed = await run(['download', '--callback', '-'], { input: failureOf('task-1').body })
  expect(failed).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: task task-1 failed, so it has no/),
  })
  const none = await run(['download', '--callback', '-'], { input: '{"a":1}' })
  expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: - is not a callback: /) })
})
