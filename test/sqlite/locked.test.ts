import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'
import { canPreload, preloaded, preloadReason } from '../helpers/preload.ts'
import { kill, startProcess } from '../helpers/process.ts'

const HOUR = 60 * 60 * 1000
/** Bytes of a `-shm`, by which SQLite locks: https://sqlite.org/walformat.html#wal_locks */
const LOCKS = [
  ['write', 120],
  ['read', 124],
] as const

describe.skipIf(!canPreload)(`the system fails once to release a lock of the file${preloadReason}`, () => {
  test.each(LOCKS)('to %s: the file is opened again, and no hook runs twice', async (_name, byte) => {
    const folder = temporaryFolder()
    const [file, trigger] = [join(folder, 'luma.db'), join(folder, 'trigger')]
    const where = { sqlite: file, options: { busyTimeout: 20, pollInterval: 20, lease: HOUR } }
    const env = { ...preloaded('unlock'), LUMA_UNLOCK_FAILS: trigger, LUMA_UNLOCK_BYTE: String(byte) }
    const first = await startProcess(where, HOUR, 10, env)
    first.send({ record: ['a'] })
    await vi.waitFor(() => expect(first.idsOf('begun')).toEqual(['a']), PATIENCE)

    writeFileSync(trigger, '')
    first.send({ record: ['b'] })
    await vi.waitFor(() => expect(existsSync(trigger)).toBe(false), PATIENCE)
    // The process records it again after each 503.
    first.send({ record: ['c'] })
    await vi.waitFor(() => expect(first.idsOf('begun').toSorted()).toEqual(['a', 'b', 'c']), PATIENCE)

    // It takes over the work of processes that are gone, and no other.
    const second = await startProcess({ sqlite: file }, 0)
    second.send({ record: ['d'] })
    await vi.waitFor(() => expect([first, second].flatMap((one) => one.idsOf('begun'))).toContain('d'), PATIENCE)
    expect([...first.idsOf('begun'), ...second.idsOf('begun')].toSorted()).toEqual(['a', 'b', 'c', 'd'])

    await kill(first)
    await vi.waitFor(() => expect(second.idsOf('done').toSorted()).toEqual(['a', 'b', 'c', 'd']), PATIENCE)
  })
})
