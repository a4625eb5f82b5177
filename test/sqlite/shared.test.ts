import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test, vi } from 'vitest'
import { createPrivately } from '../../packages/sqlite/src/files.ts'
import { callbackOf, hangs, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { startProcess } from '../helpers/process.ts'
import { PATIENCE } from '../helpers/patience.ts'

function newFile(): string {
  return join(temporaryFolder(), 'luma.db')
}

/** What a process prints that does this with the database `db`. */
function inAnotherProcess(file: string, code: string): string {
  const program = `
    const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(process.argv[1])
    try { ${code} } catch (error) { console.log(error.message) }
    db.close()
  `
  return execFileSync(process.execPath, ['--no-warnings', '-e', program, file], { encoding: 'utf8' }).trim()
}

test('a callback that was running during two crashes runs though others never cease to come', async () => {
  const file = newFile()
  const inbox = openInbox(file)
  await inbox.record(callbackOf('suspect'))
  inAnotherProcess(file, 'db.exec("UPDATE work SET crashes = 2, at = at + 1")')
  await inbox.record(callbackOf('other 0', new Date(0)))
  let count = 0
  // Each that runs leaves another behind that is due before the suspect.
  const { runs } = await startInbox(
    inbox,
    async () => {
      if (count < 1_000) await inbox.record(callbackOf(`other ${++count}`, new Date(count)))
    },
    { concurrency: 1 },
  )
  await vi.waitFor(() => expect(runs).toContain('suspect'), PATIENCE)
  expect(count).toBeLessThan(1_000)
})

// POSIX takes all locks that a process has on a file from it when it closes that file anywhere, be it through
// another descriptor that never locked anything.
describe('two inboxes of one process on one file, beside another process', () => {
  test('keep what they run to themselves', async () => {
    const file = newFile()
    for (const name of ['a', 'b']) {
      const inbox = openInbox(file)
      await inbox.record(callbackOf(name))
      const { runs } = await startInbox(inbox, hangs, { concurrency: 1 })
      await vi.waitFor(() => expect(runs).toEqual([name]), PATIENCE)
    }
    const other = await startProcess({ sqlite: file })
    other.send({ record: ['c'] })
    await vi.waitFor(() => expect(other.idsOf('done')).toContain('c'), PATIENCE)
    expect(other.idsOf('begun')).toEqual(['c'])
  })

  // With the SQLite 3.47 of Node 22.13 the other process deletes the WAL; 3.53 of Node 26 itself prevents that.
  test('lose nothing that is recorded after the other process has looked into the file', async () => {
    const file = newFile()
    const look = `console.log(db.prepare('SELECT task_id FROM work ORDER BY id').all().map((row) => row.task_id).join())`
    const first = openInbox(file)
    await first.record(callbackOf('before'))
    await openInbox(file).stats()
    expect(inAnotherProcess(file, look)).toBe('before')
    expect(await first.record(callbackOf('after'))).toBe('recorded')
    expect(inAnotherProcess(file, look)).toBe('before,after')
  })
})

describe.skipIf(process.platform === 'win32')('a lock of this process on a file', () => {
  const LOCK = `db.exec('BEGIN EXCLUSIVE'); console.log('taken')`

  function lockedFile(): string {
    const file = newFile()
    closeSync(openSync(file, 'wx'))
    new DatabaseSync(file).exec('BEGIN EXCLUSIVE')
    return file
  }

  test('holds against another process', () => {
    expect(inAnotherProcess(lockedFile(), LOCK)).toBe('database is locked')
  })

  test('still holds when the file is made privately though it is there', () => {
    const file = lockedFile()
    createPrivately(file)
    expect(inAnotherProcess(file, LOCK)).toBe('database is locked')
  })
})
