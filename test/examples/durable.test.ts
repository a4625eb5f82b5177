import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openShop, type Shop } from '../../examples/demo/shop.ts'
import { startChild, startCommand, type Child } from '../helpers/child.ts'
import { failureOf, SECRET, signedHeaders, successOf } from '../helpers/signed.ts'
import { serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'
import { post } from '../helpers/wire.ts'

const VIDEO = videoOf(100_000)

/** A directory of the test's own. */
function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'luma-durable-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

async function shopOf(): Promise<Shop> {
  const shop = await openShop()
  onTestFinished(() => shop.close())
  return shop
}

function start(env: Record<string, string>): Child {
  return startChild('examples/durable/server.js', [], {
    PORT: '0',
    LUMA_WEBHOOK_KEY: SECRET,
    NOTIFY_URL: '',
    LUMA_VIDEOS: directory(),
    LUMA_TRIAL: '1',
    ...env,
  })
}

/** A callback whose result is there to be saved. */
async function success(): Promise<{ taskId: string; body: string }> {
  const { url } = await startOrigin((request, response) => serve(request, response, { body: VIDEO }))
  const { taskId, body } = successOf()
  return { taskId, body: body.replaceAll(/https:[^"\\]+\.mp4/g, url) }
}

async function urlOf(server: Child): Promise<string> {
  const [, url = ''] = await server.says(/listening on ([^\s"]+)/)
  return url
}

async function end(server: Child, signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | string> {
  server.process.kill(signal)
  return server.ended
}

/** What it logged, a line an object. */
function logOf(server: Child): { level: number; msg: string; event?: string }[] {
  const lines = server.output().split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as { level: number; msg: string; event?: string })
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'it receives, logs, ends in order at %s, and still knows what it received when it is started again',
  async (signal) => {
    const env = { LUMA_INBOX: join(directory(), 'luma.db') }
    const first = start(env)
    const { taskId, body } = await success()
    const url = await urlOf(first)
    expect(await post(url, body, signedHeaders(taskId))).toMatchObject({ status: 200, body: { status: 'received' } })
    await first.says(new RegExp(`"event":"delivered","msg":"luma-callback: the hook for task ${taskId} is done`))
    expect(await post(url, body)).toMatchObject({ status: 401 })
    await first.says(/"event":"rejected"/)
    expect(await end(first, signal)).toBe(0)
    expect(logOf(first).map(({ level, event }) => [level, event])).toEqual([
      [30, undefined],
      [30, 'received'],
      [30, undefined],
      [30, undefined],
      [30, 'delivered'],
      [40, 'rejected'],
      [30, undefined],
    ])
    expect(first.output()).not.toContain('promptJson')
    expect(first.output()).not.toContain(SECRET)

    const second = start(env)
    const again = await post(await urlOf(second), body, signedHeaders(taskId))
    expect(again).toMatchObject({ status: 200, body: { status: 'duplicate' } })
    expect(await end(second, signal)).toBe(0)
    expect(second.output()).not.toContain('delivered')
  },
)

test('npm start hands SIGTERM on to it, and ends when it has ended', async () => {
  const env = {
    PORT: '0',
    LUMA_WEBHOOK_KEY: SECRET,
    LUMA_INBOX: join(directory(), 'luma.db'),
    LUMA_VIDEOS: directory(),
  }
  // What it runs first installs and builds, which other tests must not see happen.
  const npm = startCommand('npm', ['start', '--ignore-scripts'], env)
  await urlOf(npm)
  const { pid } = JSON.parse(/^\{.*listening on.*$/m.exec(npm.output())?.[0] ?? '{}') as { pid: number }
  onTestFinished(() => void (isRunning(pid) && process.kill(pid, 'SIGKILL')))
  expect(await end(npm, 'SIGTERM')).toBe(0)
  expect(npm.output()).toContain('SIGTERM: running hooks may end')
  expect(isRunning(pid)).toBe(false)
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('what was answered 200 and cut off by a SIGKILL gets its hook from the next process', async () => {
  const shop = await shopOf()
  const env = { LUMA_INBOX: join(directory(), 'luma.db'), NOTIFY_URL: shop.url }
  shop.answerOnly(0)
  const first = start(env)
  const { taskId, body } = failureOf()
  expect(await post(await urlOf(first), body, signedHeaders(taskId))).toMatchObject({ status: 200 })
  await expect.poll(() => shop.waiting()).toMatchObject([{ taskId, outcome: 'failure' }])
  expect(await end(first, 'SIGKILL')).toBe('SIGKILL')

  shop.answerAll()
  const second = start(env)
  await second.says(/"level":40.*"event":"recovered"/)
  await second.says(/"event":"delivered"/)
  expect(shop.told).toMatchObject([{ taskId, outcome: 'failure' }])
  expect(await end(second, 'SIGTERM')).toBe(0)
})

test('a running hook may end before it does; a second signal ends it at once', async () => {
  const shop = await shopOf()
  const env = { LUMA_INBOX: join(directory(), 'luma.db'), NOTIFY_URL: shop.url }
  shop.answerOnly(0)
  const patient = start(env)
  const { taskId, body } = await success()
  await post(await urlOf(patient), body, signedHeaders(taskId))
  await expect.poll(() => shop.waiting()).toHaveLength(1)
  patient.process.kill('SIGTERM')
  // npm hands on what a terminal has sent already.
  patient.process.kill('SIGINT')
  await patient.says(/SIG\w+: running hooks may end/)
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(patient.process.exitCode).toBeNull()
  shop.answerAll()
  expect(await patient.ended).toBe(0)
  expect(shop.told).toHaveLength(1)

  shop.answerOnly(0)
  const hurried = start(env)
  const another = await success()
  await post(await urlOf(hurried), another.body, signedHeaders(another.taskId))
  await expect.poll(() => shop.waiting()).toHaveLength(1)
  hurried.process.kill('SIGTERM')
  await hurried.says(/SIGTERM: running hooks may end/)
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(await end(hurried, 'SIGTERM')).toBe(1)
})

test('a hook whose target is down is run again', async () => {
  const shop = await shopOf()
  const server = start({ LUMA_INBOX: join(directory(), 'luma.db'), NOTIFY_URL: shop.url })
  shop.failOnce()
  const { taskId, body } = await success()
  expect(await post(await urlOf(server), body, signedHeaders(taskId))).toMatchObject({ status: 200 })
  await server.says(/"level":40.*"event":"retrying".*NOTIFY_URL answered 503/)
  await server.says(/"event":"delivered".*attempt 2/)
  expect(shop.told).toMatchObject([{ taskId, outcome: 'success' }])
})

test('an inbox that cannot be opened ends it with 1 and a message that names the file', async () => {
  const file = join(directory(), 'no-such-directory', 'luma.db')
  const server = start({ LUMA_INBOX: file })
  expect(await server.ended).toBe(1)
  expect(logOf(server)).toEqual([expect.objectContaining({ level: 60, msg: expect.stringContaining(file) })])
})

test('a port that is taken ends it with 1 and a message that names the port', async () => {
  const other = createServer()
  onTestFinished(() => void other.close())
  await once(other.listen(0), 'listening')
  const { port } = other.address() as AddressInfo
  const server = start({ PORT: String(port), LUMA_INBOX: join(directory(), 'luma.db') })
  expect(await server.ended).toBe(1)
  expect(logOf(server)).toEqual([
    expect.objectContaining({ level: 60, msg: expect.stringMatching(new RegExp(`address already in use .*:${port}`)) }),
  ])
})

test('it saves the video before anybody is told of it, and tells where it is and its hash', async () => {
  const shop = await shopOf()
  const videos = join(directory(), 'videos')
  const server = start({ LUMA_INBOX: join(directory(), 'luma.db'), LUMA_VIDEOS: videos, NOTIFY_URL: shop.url })
  shop.answerOnly(0)
  const { taskId, body } = await success()
  await post(await urlOf(server), body, signedHeaders(taskId))
  await expect.poll(() => shop.waiting()).toHaveLength(1)
  const path = join(videos, readdirSync(videos)[0] ?? '')
  expect(readFileSync(path).equals(VIDEO)).toBe(true)
  const files = [{ path, bytes: VIDEO.length, sha256: sha256Of(VIDEO) }]
  expect(shop.waiting()).toMatchObject([{ taskId, outcome: 'success', files }])
})

test('without LUMA_TRIAL, a result on this machine is refused, and the callback is dead at once', async () => {
  const server = start({ LUMA_INBOX: join(directory(), 'luma.db'), LUMA_TRIAL: '' })
  const { taskId, body } = await success()
  await post(await urlOf(server), body, signedHeaders(taskId))
  await server.says(/"level":50.*"event":"dead".*only https is allowed/)
})
