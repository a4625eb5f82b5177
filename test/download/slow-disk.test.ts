import { saveUrl } from '@luma-callback/download'
import { readdirSync, readFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../../packages/core/src/internal/promises.ts'
import { BlockWriter } from '../../packages/download/src/target/block-writer.ts'
import { failure, local, newDirectory, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'

type Step = (what: 'open' | 'opened' | 'write') => Promise<void>

/** What the disk waits for before and after it opens a part file, and before it writes to one. */
const disk = vi.hoisted(() => ({ waitsFor: (async () => {}) as Step }))

vi.mock(import('node:fs/promises'), async (original) => {
  const real = await original()
  const open: typeof real.open = async (path, ...rest) => {
    if (!String(path).endsWith('.part')) return real.open(path, ...rest)
    await disk.waitsFor('open')
    const handle = await real.open(path, ...rest)
    await disk.waitsFor('opened')
    const write = handle.write.bind(handle) as (...args: unknown[]) => Promise<never>
    handle.write = async (...args: unknown[]) => {
      await disk.waitsFor('write')
      return write(...args)
    }
    return handle
  }
  return { ...real, open }
})

beforeEach(() => {
  disk.waitsFor = async () => {}
})

const BODY = videoOf(6_000_000)
const FILE = { body: BODY, etag: '"one"' }

/** Holds the first of such a step up until it is let go, and says when it has been reached. */
function holdUp(step: Parameters<Step>[0]): { reached: Promise<void>; letGo: () => void } {
  const [reached, held] = [deferred<void>(), deferred<void>()]
  let isFirst = true
  disk.waitsFor = async (what) => {
    if (what !== step || !isFirst) return
    isFirst = false
    reached.resolve()
    await held.promise
  }
  return { reached: reached.promise, letGo: () => held.resolve() }
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 150))

describe('a disk that is slower than the network', () => {
  // So little over what two blocks hold that the socket is still being read, and the cut noticed at once.
  const FULL = 2 * 1024 ** 2 + 20_000

  test.each([
    ['open', 1_000],
    ['opened', 1_000],
    ['write', FULL],
  ] as const)('a cut while it is at "%s" does not get the next attempt into its way', async (step, cutAfter) => {
    const to = newDirectory()
    const { reached, letGo } = holdUp(step)
    const answers: ServerResponse[] = []
    const { url, requests } = await startOrigin((request, response, count) => {
      answers.push(response)
      serve(request, response, FILE, { stallAfter: count === 1 ? cutAfter : 2_500_000 })
    })
    const saving = saveUrl(url, { ...local(to), name: 'fox' })
    await reached
    await turns()
    answers[0]?.socket?.resetAndDestroy()
    await turns()
    letGo()
    await expect.poll(() => answers.length).toBe(2)
    await turns()
    const from = Number(/\d+/.exec(requests[1]?.headers.range ?? '0')?.[0])
    answers[1]?.end(BODY.subarray(from + 2_500_000))
    const saved = await saving
    expect(sha256Of(readFileSync(join(to, 'fox.mp4')))).toBe(sha256Of(BODY))
    expect(saved).toMatchObject({ sha256: sha256Of(BODY), bytes: BODY.length, attempts: 2 })
    expect(readdirSync(to)).toEqual(['fox.mp4'])
  })

  test.each(['open', 'opened', 'write'] as const)('an abort while it is at "%s" keeps what is true', async (step) => {
    const to = newDirectory()
    const { reached, letGo } = holdUp(step)
    const { url } = await startOrigin((request, response, count) =>
      serve(request, response, FILE, count === 1 ? { stallAfter: 5_000_000 } : {}),
    )
    const abort = new AbortController()
    const reason = new Error('stopping')
    const saving = failure(saveUrl(url, { ...local(to), name: 'fox', signal: abort.signal }))
    await reached
    await turns()
    abort.abort(reason)
    await turns()
    letGo()
    expect(await saving).toBe(reason)
    const note = JSON.parse(readFileSync(join(to, '.fox.part.json'), 'utf8')) as { received: number }
    const part = readFileSync(join(to, '.fox.part'))
    expect(note.received).toBe(part.length)
    expect(part.equals(BODY.subarray(0, part.length))).toBe(true)

    expect(await saveUrl(url, { ...local(to), name: 'fox' })).toMatchObject({ sha256: sha256Of(BODY), resumed: true })
    expect(readFileSync(join(to, 'fox.mp4')).equals(BODY)).toBe(true)
  })
})

describe('BlockWriter', () => {
  test('takes one chunk at a time: one that comes too early is refused, and what was taken is whole', async () => {
    const path = join(newDirectory(), 'a.part')
    const { reached, letGo } = holdUp('write')
    const handle = await openFile(path, 'w')
    const writer = new BlockWriter(handle, 0)
    const body = videoOf(2_500_000)
    const first = writer.write(body)
    await reached
    expect(first).toBeInstanceOf(Promise)
    expect(() => writer.write(Buffer.from('too early'))).toThrow('the last one was still being taken')
    const flushed = writer.flush()
    letGo()
    await Promise.all([first, flushed])
    expect(readFileSync(path).equals(body)).toBe(true)
    await handle.close()
  })
})
