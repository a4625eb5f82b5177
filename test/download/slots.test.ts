import { saveResults } from '@luma-callback/download'
import type { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { local, newDirectory, serve, sha256Of, startOrigin, videoOf } from '../helpers/origin.ts'

const BODY = videoOf(400_000)
const RESULTS = 20

/** Files of ours that are open, and how many of them were at most. */
const files = vi.hoisted(() => ({ open: 0, most: 0 }))

function opened(): void {
  files.most = Math.max(files.most, ++files.open)
}

vi.mock(import('node:fs'), async (original) => {
  const real = await original()
  const createReadStream: typeof real.createReadStream = (...args) => {
    opened()
    return real.createReadStream(...args).once('close', () => files.open--)
  }
  return { ...real, createReadStream }
})

vi.mock(import('node:fs/promises'), async (original) => {
  const real = await original()
  const open: typeof real.open = async (path, ...rest) => {
    const handle = await real.open(path, ...rest)
    if (!String(path).endsWith('.part')) return handle
    opened()
    // A stream on it closes it once more.
    ;(handle as unknown as EventEmitter).once('close', () => files.open--)
    return handle
  }
  return { ...real, open }
})

beforeEach(() => {
  Object.assign(files, { open: 0, most: 0 })
})

const resultsAt = (url: string) => Array.from({ length: RESULTS }, () => url) as [string, ...string[]]

test('of many that are there already, six at a time are read', async () => {
  const to = newDirectory()
  for (let index = 1; index <= RESULTS; index++) writeFileSync(join(to, `task-${index}.mp4`), BODY)
  const { url, requests } = await startOrigin(() => {})
  const saved = await saveResults({ taskId: 'task', resultUrls: resultsAt(url) }, local(to))
  expect(saved.map(({ sha256 }) => sha256)).toEqual(Array.from({ length: RESULTS }, () => sha256Of(BODY)))
  expect(requests).toHaveLength(0)
  expect([files.open, files.most]).toEqual([0, 6])
})

test('of many that an earlier run has left, six at a time are taken up', async () => {
  const to = newDirectory()
  let isCut = true
  const { url } = await startOrigin((request, response) =>
    serve(request, response, { body: BODY, etag: '"one"' }, isCut ? { cutAfter: 200_000 } : {}),
  )
  const task = { taskId: 'task', resultUrls: resultsAt(url) }
  await saveResults(task, { ...local(to), retry: { attempts: 1 } }).catch(() => {})
  isCut = false
  files.most = 0
  const saved = await saveResults(task, local(to))
  expect(saved.every(({ resumed }) => resumed)).toBe(true)
  expect(files.open).toBe(0)
  expect(files.most).toBeLessThanOrEqual(6)
})
