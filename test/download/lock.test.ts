import { saveUrl } from '@luma-callback/download'
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { lock } from '../../packages/download/src/lock/lock.ts'
import { startChild } from '../helpers/child.ts'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf, visible } from '../helpers/origin.ts'

const BODY = videoOf(3_000_000)
const FILE = { body: BODY, etag: '"one"' }
const pathOf = (to: string): string => join(to, '.big.part.lock')

/** A server whose first answer stops in the middle until the test ends it. */
async function halting() {
  const answers: ServerResponse[] = []
  const { url, requests } = await startOrigin((request, response, count) => {
    answers.push(response)
    serve(request, response, FILE, count === 1 ? { stallAfter: 1_500_000 } : {})
  })
  return { url, requests, goOn: () => answers[0]?.end(BODY.subarray(1_500_000)) }
}

/** Enough for some looks at a lock. */
const someLooks = () => new Promise((resolve) => setTimeout(resolve, 500))

describe('a lock of somebody who is at work is waited for', () => {
  test('of a process that is only stopped, however long ago', async () => {
    const to = newDirectory()
    const { url, requests, goOn } = await halting()
    const child = startChild('test/download/saver.ts', [url, to])
    await expect.poll(() => requests.length).toBe(1)
    child.process.kill('SIGSTOP')
    utimesSync(pathOf(to), new Date(0), new Date(0))
    const second = saveUrl(url, { ...local(to), name: 'big' })
    await someLooks()
    expect(requests).toHaveLength(1)
    child.process.kill('SIGCONT')
    goOn()
    expect(await second).toMatchObject({ alreadySaved: true, sha256: sha256Of(BODY) })
    await child.says(/^saved /m)
    expect(readdirSync(to)).toEqual(['big.mp4'])
  })

  test('of another thread, or another copy of this package, in the same process', async () => {
    const to = newDirectory()
    const { url, requests, goOn } = await halting()
    vi.resetModules()
    const other = await import('@luma-callback/download')
    const first = other.saveUrl(url, { ...local(to), name: 'big' })
    await expect.poll(() => requests.length).toBe(1)
    const second = saveUrl(url, { ...local(to), name: 'big' })
    await someLooks()
    expect(requests).toHaveLength(1)
    goOn()
    expect(await first).toMatchObject({ alreadySaved: false, sha256: sha256Of(BODY) })
    expect(await second).toMatchObject({ alreadySaved: true })
  })

  test('an abort ends the wait, whatever its reason is', async () => {
    const to = newDirectory()
    const { url, requests, goOn } = await halting()
    const first = saveUrl(url, { ...local(to), name: 'big' })
    await expect.poll(() => requests.length).toBe(1)
    const abort = new AbortController()
    const second = failure(saveUrl(url, { ...local(to), name: 'big', signal: abort.signal }))
    await someLooks()
    abort.abort(null)
    expect(await second).toBe(null)
    goOn()
    expect(await first).toMatchObject({ sha256: sha256Of(BODY) })
  })
})

describe('a lock of nobody is taken', () => {
  /** A lock as a process left it that was killed. */
  async function killed(to: string, url: string): Promise<void> {
    const child = startChild('test/download/saver.ts', [url, to])
    await expect.poll(() => readdirSync(to)).toContain('.big.part')
    child.process.kill('SIGKILL')
    await child.ended
  }

  test('at once from a process that is dead', async () => {
    const to = newDirectory()
    const { url } = await halting()
    await killed(to, url)
    expect(readdirSync(to)).toContain('.big.part.lock')
    expect(await saveUrl(url, { ...local(to), name: 'big' })).toMatchObject({ sha256: sha256Of(BODY) })
    expect(readdirSync(to)).toEqual(['big.mp4'])
  })

  test.runIf(process.platform === 'linux')('at once from one whose number another process has now', async () => {
    const to = newDirectory()
    const { url } = await halting()
    await killed(to, url)
    const left = JSON.parse(readFileSync(pathOf(to), 'utf8')) as object
    writeFileSync(pathOf(to), JSON.stringify({ ...left, pid: process.ppid }))
    expect(await saveUrl(url, { ...local(to), name: 'big' })).toMatchObject({ sha256: sha256Of(BODY) })
  })

  describe('when it was not touched for long', () => {
    afterEach(() => vi.useRealTimers())

    /** Resolves with the milliseconds that it took, by a clock of the test's own. */
    async function wait(path: string): Promise<number> {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
      const from = Date.now()
      const taking = lock(path, new AbortController().signal)
      const state = { isTaken: false }
      void taking.then(() => (state.isTaken = true))
      while (!state.isTaken && Date.now() - from < 600_000) {
        // Its time goes on only while it pauses, so that a slow disk takes none of it.
        if (vi.getTimerCount() > 0) await vi.advanceTimersByTimeAsync(50)
        else await turn()
      }
      expect(state).toEqual({ isTaken: true })
      const waited = Date.now() - from
      await (await taking).leave()
      return waited
    }

    const owner = { host: 'another machine', pid: process.pid, started: '1', id: 'gone' }
    test.each([
      ['of another machine', JSON.stringify(owner), 60_000],
      ['damaged, or never written', '{"ho', 2_000],
      ['of another shape', '[]', 2_000],
    ])('%s', async (_, text, patience) => {
      const path = pathOf(newDirectory())
      writeFileSync(path, text)
      expect(await wait(path)).toBeGreaterThan(patience * 0.9)
      expect(() => readFileSync(path)).toThrow('ENOENT')

      // One that is old already, or from a clock that is ahead, is watched for some time, and then taken.
      for (const time of [new Date(0), new Date(Date.now() + 86_400_000)]) {
        writeFileSync(path, text)
        utimesSync(path, time, time)
        expect(await wait(path)).toBeLessThan(10_000)
      }
    })

    test('of a thread of this process that has ended', async () => {
      const path = pathOf(newDirectory())
      const held = await lock(path, new AbortController().signal)
      const text = readFileSync(path, 'utf8')
      await held.leave()
      writeFileSync(path, text)
      expect(await wait(path)).toBeGreaterThan(50_000)
    })
  })
})

describe('a lock that was lost', () => {
  test('nothing gets its last name, and what the other one does is left alone', async () => {
    const to = newDirectory()
    const { url, requests, goOn } = await halting()
    const saving = failure(saveUrl(url, { ...local(to), name: 'big' }))
    await expect.poll(() => requests.length).toBe(1)
    await someLooks()
    const files = { '.big.part': 'half of it', '.big.part.json': '{}', '.big.part.lock': '{"id":"another"}' }
    for (const [name, text] of Object.entries(files)) {
      rmSync(join(to, name), { force: true })
      writeFileSync(join(to, name), text)
    }
    goOn()
    const error = await saving
    expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true })
    expect(error.message).toContain('taken over')
    for (const [name, text] of Object.entries(files)) expect(readFileSync(join(to, name), 'utf8')).toBe(text)
    expect(visible(to)).toEqual([])
  })

  test('nor does a file that is not the one that was written', async () => {
    const to = newDirectory()
    const { url, requests, goOn } = await halting()
    const saving = failure(saveUrl(url, { ...local(to), name: 'big' }))
    await expect.poll(() => requests.length).toBe(1)
    await someLooks()
    writeFileSync(join(to, 'planted'), 'half of it')
    renameSync(join(to, 'planted'), join(to, '.big.part'))
    goOn()
    expect(await saving).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: true })
    expect(visible(to)).toEqual([])
  })
})

test('a link at the place of the lock is told of, not waited for', async () => {
  const to = newDirectory()
  const { url, requests } = await halting()
  symlinkSync('/nonexistent/x', pathOf(to))
  const error = await failure(saveUrl(url, { ...local(to), name: 'big' }))
  expect(error).toMatchObject({ code: 'ERR_LUMA_DOWNLOAD_TARGET', retryable: false })
  expect(error.message).toContain('.big.part.lock is not a regular file; remove it')
  expect(requests).toHaveLength(0)
})
