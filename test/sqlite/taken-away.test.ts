import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DurableInbox, Recorded } from '@luma-callback/core'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { kill, startProcess } from '../helpers/process.ts'
import { PATIENCE } from '../helpers/patience.ts'

const isUnavailable = expect.objectContaining({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })

let file: string
beforeEach(() => {
  file = join(temporaryFolder(), 'luma.db')
})

const FILES = [
  ['the file', ''],
  ['its -wal', '-wal'],
  ['its -shm', '-shm'],
]
const WAYS: [string, (path: string) => void][] = [
  ['deleted', (path) => rmSync(path)],
  ['moved', (path) => renameSync(path, `${path}.moved`)],
  ['replaced', replace],
  ['replaced by its copy', replaceByCopy],
]
/** Of the `-shm` it ends the process: it is mapped into memory. */
const EMPTIED = FILES.filter(([, ending]) => ending !== '-shm')
const CASES = FILES.flatMap(([name, ending]) => WAYS.map(([how, takeAway]) => ({ name, ending, how, takeAway })))

describe('what is taken away while it is used', () => {
  test.each(CASES)(
    '$name, $how: within a second nothing more is answered 200, for it would be lost',
    async ({ ending, takeAway }) => {
      const inbox = openInbox(file)
      await startInbox(inbox)
      await inbox.record(callbackOf('a'))
      takeAway(file + ending)
      await untilRefused(inbox)
      await expect(inbox.record(callbackOf('b'))).rejects.toThrow(
        `${file}${ending} was deleted, moved, replaced or emptied while in use; put it back or restart the process`,
      )
    },
  )

  test.each(CASES)('$name, $how, and then closed: the process ends its work', async ({ ending, takeAway }) => {
    const inbox = openInbox(file)
    await startInbox(inbox)
    takeAway(file + ending)
    await inbox.close({ timeout: 0 })
    expect(readdirSync(dirname(file)).filter((name) => name.includes('owner'))).toEqual([])
  })

  test.each(FILES)('%s, put back: all goes on', async (_name, ending) => {
    const inbox = openInbox(file)
    const { runs } = await startInbox(inbox)
    renameSync(file + ending, `${file}.moved`)
    await untilRefused(inbox)
    renameSync(`${file}.moved`, file + ending)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
    await vi.waitFor(() => expect(runs).toContain('a'), PATIENCE)
  })

  test('a link to the file, pointed to another: what comes would be looked for there', async () => {
    const link = join(dirname(file), 'link.db')
    writeFileSync(file, '')
    symlinkSync(file, link)
    const inbox = openInbox(link)
    await startInbox(inbox)
    rmSync(link)
    symlinkSync(`${file}.other`, link)
    await untilRefused(inbox)
    await expect(inbox.record(callbackOf('a'))).rejects.toThrow(`${link} was deleted, moved, replaced or emptied`)
    rmSync(link)
    symlinkSync(file, link)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
  })

  test.each(EMPTIED)(
    '%s, emptied: within a second nothing more is answered 200, for it would be lost',
    async (_name, ending) => {
      const inbox = openInbox(file)
      await startInbox(inbox)
      for (const name of ['a', 'b', 'c']) await inbox.record(callbackOf(name))
      truncateSync(file + ending)
      await untilRefused(inbox)
      await expect(inbox.record(callbackOf('f'))).rejects.toThrow(
        `${file}${ending} was deleted, moved, replaced or emptied`,
      )
    },
  )

  test('the -wal emptied by another process, as SQLite does it: all goes on', async () => {
    const inbox = openInbox(file)
    const { runs } = await startInbox(inbox)
    for (const name of ['a', 'b', 'c']) {
      await inbox.record(callbackOf(name))
      const other = new DatabaseSync(file)
      other.exec('PRAGMA busy_timeout = 60000; PRAGMA wal_checkpoint(TRUNCATE)')
      other.close()
    }
    await vi.waitFor(() => expect(runs).toEqual(['a', 'b', 'c']), PATIENCE)
  })

  test('the -wal: what it held is in the file, though the process is killed', async () => {
    const owner = await startProcess({ sqlite: file }, 60_000, 1)
    owner.send({ record: ['a', 'b', 'c'] })
    await vi.waitFor(() => expect(owner.idsOf('begun')).toEqual(['a']), PATIENCE)
    rmSync(`${file}-wal`)
    await vi.waitFor(() => expect(readFileSync(file).includes('c:success')).toBe(true), PATIENCE)
    await kill(owner)
    const { runs } = await startInbox(openInbox(file))
    await vi.waitFor(() => expect(runs.toSorted()).toEqual(['a', 'b', 'c']), PATIENCE)
  })
})

/** Records again and again until it rejects; the files are looked at once a second. */
async function untilRefused(inbox: DurableInbox): Promise<void> {
  let count = 0
  const next = (): Promise<Recorded> => inbox.record(callbackOf(`more ${++count}`))
  await vi.waitFor(() => expect(next()).rejects.toEqual(isUnavailable), PATIENCE)
}

function replace(path: string): void {
  writeFileSync(`${path}.new`, 'something else')
  renameSync(`${path}.new`, path)
}

function replaceByCopy(path: string): void {
  copyFileSync(path, `${path}.new`)
  renameSync(`${path}.new`, path)
}
