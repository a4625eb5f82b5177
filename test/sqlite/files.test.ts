import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { InboxFileError } from '@luma-callback/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ROOT, startChild } from '../helpers/child.ts'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { readableCopy } from '../helpers/readable-copy.ts'

/** Rejects as it should, and says so. */
async function refusal(file: string): Promise<string> {
  const error: unknown = await startInbox(openInbox(file)).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(InboxFileError)
  expect(error).toHaveProperty('code', 'ERR_LUMA_INBOX_FILE')
  const { message } = error as Error
  expect(message).toContain(file)
  return message
}

/** A file that an inbox has written and closed. */
async function filledFile(): Promise<string> {
  const file = join(temporaryFolder(), 'luma.db')
  const inbox = openInbox(file)
  for (let index = 0; index < 30; index++) await inbox.record(callbackOf(`task-${index}`))
  await inbox.close()
  return file
}

function modesIn(folder: string): Record<string, string> {
  const modes = readdirSync(folder).map((name) => [
    name.replace(/owner-.*/, 'owner'),
    (statSync(join(folder, name)).mode & 0o777).toString(8),
  ])
  return Object.fromEntries(modes) as Record<string, string>
}

describe('the files', () => {
  test('are for their owner only', async () => {
    const folder = temporaryFolder()
    const inbox = openInbox(join(folder, 'luma.db'))
    await startInbox(inbox)
    await inbox.record(callbackOf('a'))
    expect(modesIn(folder)).toEqual({
      'luma.db': '600',
      'luma.db-wal': '600',
      'luma.db-shm': '600',
      'luma.db-owner': '600',
    })
  })

  test('are for a group too, if the database was given to one: whoever shares it can tell who is gone', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'luma.db')
    await openInbox(file).stats()
    chmodSync(file, 0o660)
    await startInbox(openInbox(file))
    expect(modesIn(folder)).toMatchObject({ 'luma.db': '660', 'luma.db-owner': '660' })
  })

  test('are one when the inbox is closed', async () => {
    const folder = temporaryFolder()
    const inbox = openInbox(join(folder, 'luma.db'))
    await startInbox(inbox)
    await inbox.record(callbackOf('a'))
    await inbox.close()
    expect(readdirSync(folder)).toEqual(['luma.db'])
  })

  test('are made by one of many that open them at the same moment', async () => {
    // Who comes when is chance; each round is another one.
    for (let round = 0; round < 6; round++) {
      const file = join(temporaryFolder(), 'luma.db')
      const inboxes = Array.from({ length: 8 }, () => openInbox(file))
      await Promise.all(inboxes.map((inbox) => startInbox(inbox)))
      const told = await Promise.all(inboxes.map((inbox) => inbox.record(callbackOf('a'))))
      expect(told.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'duplicate'), 'recorded'])
      await Promise.all(inboxes.map((inbox) => inbox.close()))
      expect(readdirSync(dirname(file))).toEqual(['luma.db'])
    }
  })

  test('are made by one of several processes that open them at the same moment', async () => {
    const folder = temporaryFolder()
    const processes = [1, 2, 3].map(() => fork(new URL('opener.ts', import.meta.url)))
    onTestFinished(() => processes.forEach((child) => void child.kill('SIGKILL')))
    await Promise.all(processes.map((child) => once(child, 'message')))
    for (let round = 0; round < 40; round++) {
      const told = Promise.all(processes.map((child) => once(child, 'message')))
      for (const child of processes) child.send(join(folder, `${round}.db`))
      expect((await told).flat().filter((one) => one !== undefined)).toEqual(['opened', 'opened', 'opened'])
    }
  })
})

describe('a file that cannot be used', () => {
  test('in a directory that is not there: refused until it is', async () => {
    const folder = join(temporaryFolder(), 'not there')
    const inbox = openInbox(join(folder, 'luma.db'))
    await expect(startInbox(inbox)).rejects.toThrow('make its directory first')
    mkdirSync(folder)
    await startInbox(inbox)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
  })

  test('a directory', async () => {
    expect(await refusal(temporaryFolder())).toContain('name a file in that directory')
  })

  test('a link to a file that is not there', async () => {
    const link = join(temporaryFolder(), 'luma.db')
    symlinkSync(`${link}.target`, link)
    expect(await refusal(link)).toMatch(
      /cannot be opened: it is a link to a file that is not there; make that file, an empty one$/,
    )
    writeFileSync(`${link}.target`, '')
    await startInbox(openInbox(link))
  })

  test('below a file', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    expect(await refusal(join(file, 'luma.db'))).toContain('make its directory first')
  })

  test.each([
    ['something else', Buffer.from('dear diary, '.repeat(1_000))],
    ['noise', randomBytes(20_000)],
  ])('%s: refused and not touched, until it is moved away', async (_name, content) => {
    const file = join(temporaryFolder(), 'luma.db')
    writeFileSync(file, content)
    expect(await refusal(file)).toContain('move it away')
    expect(readFileSync(file).equals(content)).toBe(true)
    renameSync(file, `${file}.old`)
    const inbox = openInbox(file)
    await startInbox(inbox)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
  })

  test('the database of another program: refused, and nothing is added to it', async () => {
    const file = join(temporaryFolder(), 'other.db')
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES (1)')
    other.close()
    const content = readFileSync(file)
    expect(await refusal(file)).toContain('database of another program')
    expect(readFileSync(file).equals(content)).toBe(true)
  })

  test.each([10, 100, 4_096, 20_000])('cut to its first %i bytes: refused and not touched', async (size) => {
    const file = await filledFile()
    truncateSync(file, size)
    const content = readFileSync(file)
    expect(await refusal(file)).toContain('it is damaged or no database; move it away to start anew')
    expect(readFileSync(file).equals(content)).toBe(true)
  })

  test('that is moved away can be mended: the same inbox starts with a new one', async () => {
    const file = await filledFile()
    truncateSync(file, 4_096)
    const inbox = openInbox(file)
    await expect(startInbox(inbox)).rejects.toThrow('move it away')
    renameSync(file, `${file}.old`)
    await startInbox(inbox)
    expect(await inbox.record(callbackOf('a'))).toBe('recorded')
  })

  /** The columns that each later version added. */
  const OLDER: [version: number, added: string[]][] = [
    [1, ['is_overdue', 'failure_code']],
    [2, ['failure_code']],
  ]

  test.each(OLDER)('of version %i is brought to this one, with all that is in it', async (version, added) => {
    const file = await filledFile()
    const db = new DatabaseSync(file)
    db.exec('DROP INDEX work_suspects')
    for (const column of added) db.exec(`ALTER TABLE work DROP COLUMN ${column}`)
    db.exec(
      `UPDATE work SET state = 3, last_error = 'Error: no' WHERE task_id = 'task-0'; PRAGMA user_version = ${version}`,
    )
    db.close()
    const inbox = openInbox(file)
    const { runs } = await startInbox(inbox)
    await expect.poll(() => runs).toHaveLength(29)
    const failure = { lastError: 'Error: no', failureCode: undefined }
    expect(await inbox.get('task-0:success')).toMatchObject({ state: 'dead', ...failure })
    expect(await inbox.requeue()).toBe(1)
    await expect.poll(() => runs).toHaveLength(30)
  })

  test('of a later version: every byte of it stays as it was', async () => {
    const file = await filledFile()
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99')
    db.close()
    const content = readFileSync(file)
    await refusal(file)
    expect(readFileSync(file).equals(content)).toBe(true)
  })

  test('of a later version: refused, with what to do', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    const inbox = openInbox(file)
    await inbox.stats()
    await inbox.close()
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99')
    expect(await refusal(file)).toMatch(
      /later version of this package \(schema 99, this one knows \d+\); update the package/,
    )
    db.close()
  })

  test.each([
    ['it and its directory', '555', '444'],
    ['the file', '777', '444'],
    ['its directory', '555', '666'],
  ])('by a process that may not write %s: refused, with what it must be able to', async (_what, ...modes) => {
    const folder = temporaryFolder()
    const inbox = openInbox(join(folder, 'luma.db'))
    await inbox.stats()
    await inbox.close()
    const script = readableCopy(join(ROOT, 'test/sqlite/unprivileged.ts'), '@luma-callback/sqlite')
    const child = startChild(script, [join(folder, 'luma.db'), ...modes])
    expect(await child.ended, child.output()).toBe(0)
    expect(child.output()).toContain('ERR_LUMA_INBOX_FILE')
    expect(child.output()).toContain('this process must be able to write the file and its directory')
  })
})
