import { createHandler, UnrecoverableError, type LumaEvent } from '@luma-callback/core'
import { DownloadError, saveResults, type SaveOptions } from '@luma-callback/download'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf, visible } from '../helpers/origin.ts'
import { successOf } from '../helpers/signed.ts'
import { deferred } from '../../packages/core/src/internal/promises.ts'

const BODY = videoOf(300_000)

test('all results of a task are saved, in the order of resultUrls', async () => {
  const bodies = [videoOf(100_000), videoOf(200_000, 'mov'), videoOf(50_000, 'avi')]
  const { url } = await startOrigin((request, response) =>
    serve(request, response, { body: bodies[Number(request.url?.slice(1))] ?? BODY }),
  )
  const resultUrls = bodies.map((_, index) => new URL(`/${index}`, url).href) as [string, ...string[]]
  const to = newDirectory()
  const saved = await saveResults({ taskId: 'task-1', resultUrls }, local(to))
  expect(saved.map(({ name, sha256, url: from }) => [name, sha256, from])).toEqual([
    ['task-1-1.mp4', sha256Of(bodies[0] as Buffer), resultUrls[0]],
    ['task-1-2.mov', sha256Of(bodies[1] as Buffer), resultUrls[1]],
    ['task-1-3.avi', sha256Of(bodies[2] as Buffer), resultUrls[2]],
  ])
})

test('many at once are bounded, and every one is saved', async () => {
  let open = 0
  let most = 0
  const severalAreOpen = deferred<void>()
  const { url } = await startOrigin((request, response) => {
    most = Math.max(most, ++open)
    response.once('close', () => open--)
    if (open === 2) severalAreOpen.resolve()
    void severalAreOpen.promise.then(() => setTimeout(() => serve(request, response, { body: BODY }), 20))
  })
  const to = newDirectory()
  const warnings: Error[] = []
  process.on('warning', (warning) => warnings.push(warning))
  const signal = new AbortController().signal
  const tasks = Array.from({ length: 10 }, (_, index) => ({
    taskId: `task-${index}`,
    resultUrls: Array.from({ length: 3 }, () => url) as [string, ...string[]],
  }))
  const saved = await Promise.all(tasks.map((task) => saveResults(task, { ...local(to), signal })))
  expect(saved.flat()).toHaveLength(30)
  expect(readdirSync(to)).toHaveLength(30)
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(6)
  expect(warnings).toEqual([])
})

describe('when some cannot be saved', () => {
  const answering = (statuses: Record<string, number>) =>
    startOrigin((request, response) => {
      const status = statuses[request.url ?? '']
      if (status === undefined) serve(request, response, { body: BODY })
      else response.writeHead(status).end()
    })
  const retry = { attempts: 1 }

  async function fail(statuses: Record<string, number>, paths: string[]) {
    const { url } = await answering(statuses)
    const to = newDirectory()
    const resultUrls = paths.map((path) => new URL(path, url).href) as [string, ...string[]]
    const error = await failure(saveResults({ taskId: 'task-1', resultUrls }, { ...local(to), retry }))
    return { error, files: visible(to) }
  }

  test('the others are, and the error names the task and the result', async () => {
    const { error, files } = await fail({ '/gone': 404 }, ['/a', '/gone', '/b'])
    expect(error).toBeInstanceOf(DownloadError)
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_EXPIRED', retryable: false, status: 404 })
    expect(error.message).toMatch(/^task task-1, result 2 of 3: http:\/\/127\.0\.0\.1:\d+\/gone: answered 404; /)
    expect(files.toSorted()).toEqual(['task-1-1.mp4', 'task-1-3.mp4'])
  })

  test('as long as one of them can still be, trying again can help', async () => {
    const { error } = await fail({ '/gone': 404, '/down': 503 }, ['/gone', '/down'])
    expect(error).toMatchObject({ status: 503, retryable: true })
    expect(error.message).toMatch(/^task task-1, result 2 of 2: /)
  })
})

test('what refresh says to be of no use does not hide what can still be saved', async () => {
  const { url } = await startOrigin((request, response) =>
    response.writeHead(request.url === '/gone' ? 403 : 503).end(),
  )
  const resultUrls = [new URL('/gone', url).href, new URL('/down', url).href] as [string, string]
  const refresh = (): Promise<string> => Promise.reject(new UnrecoverableError('no such task'))
  const saving = saveResults({ taskId: 'task-1', resultUrls }, { ...local(newDirectory()), refresh })
  expect(await failure(saving)).toMatchObject({ status: 503, retryable: true })
})

test('a callback of a failure has nothing to save, and is told so', async () => {
  const failed = { taskId: 'task-1', outcome: 'failure' } as unknown as Parameters<typeof saveResults>[0]
  await expect(saveResults(failed, { to: newDirectory() })).rejects.toThrow(
    new TypeError('saveResults: task task-1 has no resultUrls; only a success has'),
  )
})

describe('in a hook', () => {
  /** A receiver whose hook saves the results of one callback; resolves when it is done or dead. */
  async function deliver(resultUrls: string[], options: SaveOptions, inbox = true) {
    const events: LumaEvent[] = []
    let runs = 0
    const handler = createHandler({
      onSuccess: async (callback, { signal }) => {
        runs++
        await saveResults(callback, { ...options, signal, retry: { attempts: 1 } })
      },
      ...(inbox ? { inbox: memoryInboxes()() } : { ackTimeout: 1 }),
      retry: { attempts: 3, minDelay: 1, maxDelay: 1 },
      observe: (event) => events.push(event),
    })
    onTestFinished(() => handler.close())
    await handler.start()
    const callback = JSON.parse(successOf('task-1').body) as { data: { resultUrls: string[] } }
    callback.data.resultUrls = resultUrls
    const headers = { 'content-type': 'application/json' }
    await handler.handle({ method: 'POST', url: '/', headers, rawBody: JSON.stringify(callback) })
    const ended = (): LumaEvent | undefined => events.find(({ type }) => type === 'dead' || type === 'delivered')
    await expect.poll(ended).toBeDefined()
    return { end: ended(), runs }
  }

  test('what cannot pass makes the callback dead at once', async () => {
    const { url } = await startOrigin((_, response) => void setTimeout(() => response.writeHead(410).end(), 50))
    for (const inbox of [true, false]) {
      const { end, runs } = await deliver([url], local(newDirectory()), inbox)
      expect(end).toMatchObject({ type: 'dead', error: { code: 'ERR_LUMA_DOWNLOAD_EXPIRED' } })
      expect(runs).toBe(1)
    }
    expect(new UnrecoverableError('x').retryable).toBe(false)
  })

  test('what can pass is retried with the hook, and then all is there', async () => {
    const { url } = await startOrigin((request, response, count) =>
      count < 3 ? response.writeHead(503).end() : serve(request, response, { body: BODY }),
    )
    const to = newDirectory()
    const { end, runs } = await deliver([url], local(to))
    expect(end).toMatchObject({ type: 'delivered', attempt: 3 })
    expect(runs).toBe(3)
    expect(readFileSync(join(to, 'task-1-1.mp4')).equals(BODY)).toBe(true)
  })

  test('private addresses that a stranger wrote into the body are refused', async () => {
    const { url, requests } = await startOrigin(() => {})
    const to = newDirectory()
    const { end } = await deliver([url], { to: join(to, 'videos'), allowHttp: true })
    expect(end).toMatchObject({ type: 'dead', error: { code: 'ERR_LUMA_DOWNLOAD_REFUSED' } })
    expect(requests).toHaveLength(0)
    expect(existsSync(join(to, 'videos'))).toBe(false)
  })
})

test('options are checked, and sha256 is of one file', async () => {
  const task = { taskId: 'a', resultUrls: ['https://a.example/'] as [string] }
  await expect(saveResults(task, {} as SaveOptions)).rejects.toThrow('saveResults: option "to" must be')
  const one = { to: newDirectory(), sha256: '0'.repeat(64) }
  await expect(saveResults(task, one)).rejects.toThrow('saveResults: option "sha256" is for a single file')
})
