import { existsSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LONGEST_TIMER } from '@luma-callback/core/internal'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openFile, type OpenFile } from '../../packages/sqlite/src/engine.ts'
import { callbackOf, hangs, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { kill, startProcess } from '../helpers/process.ts'
import { PATIENCE } from '../helpers/patience.ts'

const DAY = 24 * 60 * 60 * 1000

let file: string
beforeEach(() => {
  file = join(temporaryFolder(), 'luma.db')
})

/** A process that runs `a` is killed. */
async function killOwner(): Promise<void> {
  const owner = await startProcess({ sqlite: file }, 60_000)
  owner.send({ record: ['a'] })
  await vi.waitFor(() => expect(owner.idsOf('begun')).toEqual(['a']), PATIENCE)
  await kill(owner)
}

function change(database: string, sql: string): void {
  const db = new DatabaseSync(database)
  db.exec(sql)
  db.close()
}

function open(): OpenFile {
  const opened = openFile(file, PATIENCE.timeout)
  onTestFinished(() => opened.close())
  opened.run([['register']])
  return opened
}

describe('what a killed process was at', () => {
  test('is taken up though taking it up was rolled back once', async () => {
    await killOwner()
    const opened = open()
    const files = readdirSync(dirname(file)).filter((name) => /owner-[\da-f-]+$/.test(name))
    expect(files).toHaveLength(2)
    // Refused at the commit, after the row of its owner was struck out.
    change(
      file,
      `CREATE TABLE parent (id INTEGER PRIMARY KEY);
       CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
       CREATE TRIGGER late AFTER DELETE ON owners BEGIN INSERT INTO child VALUES (1); END`,
    )
    const look = { now: Date.now(), maxDelay: 1_000, lease: 30_000 }
    expect(() => opened.run([['recover', look]])).toThrow('FOREIGN KEY')
    expect(readdirSync(dirname(file))).toEqual(expect.arrayContaining(files))
    change(file, 'DROP TRIGGER late')
    const { runs } = await startInbox(openInbox(file))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })

  test('is taken up from a copy of the file, on a machine that was started later', async () => {
    await killOwner()
    const copy = join(temporaryFolder(), 'copy.db')
    change(file, `VACUUM INTO '${copy}'`)
    change(copy, `UPDATE work SET at = at + ${10 * DAY} WHERE state = 1`)
    const { runs } = await startInbox(openInbox(copy))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })

  test('is taken up though the file is opened by another name, a link to it', async () => {
    await killOwner()
    const link = join(temporaryFolder(), 'link.db')
    symlinkSync(file, link)
    const { runs } = await startInbox(openInbox(link))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    expect(readdirSync(dirname(link))).toEqual(['link.db'])
  })

  test('stays with its process, if that lives, though the file is opened by another name', async () => {
    const owner = await startProcess({ sqlite: file }, 60_000)
    owner.send({ record: ['a'] })
    await vi.waitFor(() => expect(owner.idsOf('begun')).toEqual(['a']), PATIENCE)
    const link = join(temporaryFolder(), 'link.db')
    symlinkSync(file, link)
    const { runs } = await startInbox(openInbox(link), async () => {}, { concurrency: 1 })
    owner.send({ record: ['b', 'c'] })
    // Those two are run somewhere; it has looked for what was left behind before each.
    await vi.waitFor(() => expect([...runs, ...owner.idsOf('begun')].toSorted()).toEqual(['a', 'b', 'c']), PATIENCE)
    expect(runs).not.toContain('a')
  })

  test('is taken up from a file that was renamed', async () => {
    await killOwner()
    const renamed = join(temporaryFolder(), 'renamed.db')
    for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) renameSync(file + end, renamed + end)
    const { runs } = await startInbox(openInbox(renamed))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  })
})

describe('an owner', () => {
  test('that cannot be told to live or not counts as alive, and keeps no other from being found dead', async () => {
    const folder = dirname(file)
    const opened = open()
    opened.run([['register']])
    change(file, "INSERT INTO owners (id, lock) VALUES (1000, 'spoilt')")
    writeFileSync(`${file}-owner-spoilt`, 'no database at all, but of some length')
    await killOwner()
    const inbox = openInbox(file)
    const { runs, events } = await startInbox(inbox)
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    const problem = {
      cause: expect.objectContaining({
        message: expect.stringContaining('owner-spoilt cannot be read') as string,
      }) as Error,
    }
    await vi.waitFor(
      () => expect(events).toContainEqual({ type: 'error', error: expect.objectContaining(problem) as Error }),
      PATIENCE,
    )
    await inbox.record(callbackOf('b'))
    await vi.waitFor(() => expect(runs).toEqual(['a', 'b']), PATIENCE)
    expect(events.filter(({ type }) => type === 'error')).toHaveLength(1)
    expect(readdirSync(folder)).toContain('luma.db-owner-spoilt')
  })

  test('whose lock file somebody has deleted is one again', async () => {
    const owner = await startProcess({ sqlite: file }, 60_000)
    const lockFiles = (): string[] => readdirSync(dirname(file)).filter((name) => /owner-[\da-f]+$/.test(name))
    const [lost = ''] = lockFiles()
    rmSync(join(dirname(file), lost))
    const inbox = openInbox(file)
    await startInbox(inbox, hangs, { concurrency: 1 })
    // One of each, and none is the old one.
    await vi.waitFor(() => expect(lockFiles()).toHaveLength(2), PATIENCE)
    expect(lockFiles()).not.toContain(lost)
    await inbox.record(callbackOf('here'))
    await vi.waitFor(async () => expect(await inbox.stats()).toMatchObject({ running: 1 }), PATIENCE)
    owner.send({ record: ['there'] })
    await vi.waitFor(() => expect(owner.idsOf('begun')).toEqual(['there']), PATIENCE)
    await kill(owner)
    await vi.waitFor(async () => expect(await inbox.get('there:success')).toMatchObject({ crashes: 1 }), PATIENCE)
  })
})

test('a lease that ends later than any lease can has ended', async () => {
  const opened = open()
  const recorder = openInbox(file)
  await recorder.record(callbackOf('a'))
  opened.run([['take', 1, Date.now() + 1_000, 1_000]])
  const survivor = openInbox(file, { lease: 1_000 })
  // Its owner lives and holds its lock.
  change(file, `PRAGMA busy_timeout = 60000; UPDATE work SET at = at + ${2 * LONGEST_TIMER} WHERE state = 1`)
  const { runs } = await startInbox(survivor)
  await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
})
