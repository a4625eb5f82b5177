import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startChild } from '../helpers/child.ts'
import { createDisk, type Disk } from '../helpers/disk.ts'
import { newDirectory, serve, startOrigin, videoOf, type Fault } from '../helpers/origin.ts'
import { canPreload, preloadReason } from '../helpers/preload.ts'

// More than one block of a write.
const BODY = videoOf(3_000_000)

/** What the process says that saves it to a disk; the connection is cut by the fault. */
async function save(disk: Disk, fault: Fault = {}): Promise<string> {
  const { url } = await startOrigin((request, response) => serve(request, response, { body: BODY, etag: '"a"' }, fault))
  const child = startChild('test/download/saver.ts', [url, disk.folder, '1'], disk.env)
  await child.ended
  return child.output()
}

describe.skipIf(!canPreload)(`when the power fails${preloadReason}`, () => {
  test('a video that was saved is there, under its name and whole', async () => {
    const disk = createDisk(newDirectory())
    expect(await save(disk)).toMatch(/^saved /)
    disk.cut('nothing')
    expect(readdirSync(disk.folder)).toContain('big.mp4')
    expect(readFileSync(join(disk.folder, 'big.mp4')).equals(BODY)).toBe(true)
  })

  test('a part that was kept has all the bytes that its note tells of', async () => {
    const disk = createDisk(newDirectory())
    expect(await save(disk, { cutAfter: 2_000_000 })).toMatch(/^failed /)
    const note = readdirSync(disk.folder).find((name) => name.endsWith('.part.json')) ?? ''
    const { received } = JSON.parse(readFileSync(join(disk.folder, note), 'utf8')) as { received: number }
    expect(received).toBeGreaterThan(1_000_000)
    // Names reach the disk by themselves, bytes do not.
    disk.cut('names')
    const part = readFileSync(join(disk.folder, note.replace(/\.json$/, '')))
    expect(part.length).toBeGreaterThanOrEqual(received)
    expect(part.subarray(0, received).equals(BODY.subarray(0, received))).toBe(true)
  })
})
