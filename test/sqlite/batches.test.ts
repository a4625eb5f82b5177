import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { runInNewContext } from 'node:vm'
import type { LumaCallback } from '@luma-callback/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { connect } from '../../packages/sqlite/src/connection.ts'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { PATIENCE } from '../helpers/patience.ts'

function newFile(): string {
  return join(temporaryFolder(), 'luma.db')
}

// What is called in one turn goes into one transaction.
describe('a call that is wrong, beside others in one batch', () => {
  test.each<[string, Partial<Record<keyof LumaCallback, unknown>>]>([
    ['key', { key: '' }],
    ['key', { key: Symbol('key') }],
    ['receivedAt', { receivedAt: new Date(Number.NaN) }],
    ['raw', { raw: undefined }],
    ['query', { query: null }],
  ])('record without a usable %s: a TypeError, and the others are recorded', async (name, wrong) => {
    const inbox = openInbox(newFile())
    await inbox.stats()
    const bad = { ...callbackOf('bad'), ...wrong } as LumaCallback
    const [first, refused, second] = await Promise.allSettled([
      inbox.record(callbackOf('a')),
      inbox.record(bad),
      inbox.record(callbackOf('b')),
    ])
    expect([first, second]).toEqual([
      { status: 'fulfilled', value: 'recorded' },
      { status: 'fulfilled', value: 'recorded' },
    ])
    expect(refused).toMatchObject({ reason: expect.any(TypeError) as Error })
    expect(refused).toMatchObject({ reason: { message: expect.stringContaining(name) as string } })
    expect(await inbox.stats()).toMatchObject({ pending: 2, seen: 2 })
  })

  test('record takes a Date of another realm, as callbacks have it in Jest', async () => {
    const inbox = openInbox(newFile())
    const receivedAt = runInNewContext('new Date(7)') as Date
    expect(await inbox.record({ ...callbackOf('a'), receivedAt })).toBe('recorded')
    expect((await inbox.list()).entries).toMatchObject([{ receivedAt: new Date(7) }])
  })

  test.each(['get', 'requeue'] as const)(
    '%s without a key: a TypeError, and the others are recorded',
    async (method) => {
      const inbox = openInbox(newFile())
      await inbox.stats()
      const told = Promise.allSettled([
        inbox.record(callbackOf('a')),
        inbox[method](null as unknown as string),
        inbox.record(callbackOf('b')),
      ])
      expect(await told).toMatchObject([
        { value: 'recorded' },
        { reason: expect.any(TypeError) as Error },
        { value: 'recorded' },
      ])
    },
  )

  test('in the thread itself: each is told what became of its own, and no more than that happened', async () => {
    const file = newFile()
    const connection = await connect({ file, busyTimeout: PATIENCE.timeout }, () => {})
    onTestFinished(() => connection.close())
    const added = (key: string, receivedAt = 1) => {
      const { digest, taskId, outcome, raw } = callbackOf(key)
      return connection.call('record', { key, digest, taskId, outcome, raw, query: '{}', receivedAt }, 0)
    }
    const told = await Promise.allSettled([added('a'), added('bad', Number.NaN), added('b'), added('a')])
    expect(told).toMatchObject([
      { value: 'recorded' },
      { reason: { code: 'ERR_LUMA_STORE_UNAVAILABLE' } },
      { value: 'recorded' },
      { value: 'duplicate' },
    ])
    const db = new DatabaseSync(file)
    expect(db.prepare('SELECT key FROM work ORDER BY id').all()).toEqual([{ key: '"a"' }, { key: '"b"' }])
    db.close()
  })

  test('that cannot be committed fails alone', async () => {
    const file = newFile()
    const inbox = openInbox(file)
    await inbox.stats()
    const db = new DatabaseSync(file)
    db.exec(`
      CREATE TABLE parent (id INTEGER PRIMARY KEY);
      CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER late AFTER INSERT ON work WHEN new.task_id = 'bad' BEGIN INSERT INTO child VALUES (1); END`)
    const names = ['a', 'bad', 'b']
    const told = await Promise.allSettled(names.map((name) => inbox.record(callbackOf(name))))
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(db.prepare('SELECT task_id FROM work ORDER BY id').all()).toEqual([{ task_id: 'a' }, { task_id: 'b' }])
    db.close()
  })
})

test('a lock file that is none is told of, and fails no callback', async () => {
  const file = newFile()
  const inbox = openInbox(file)
  const { events } = await startInbox(inbox)
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA busy_timeout = 60000; INSERT INTO owners (lock) VALUES ('spoilt')`)
  db.close()
  writeFileSync(`${file}-owner-spoilt`, 'x'.repeat(8_192))
  expect(readdirSync(dirname(file))).toContain('luma.db-owner-spoilt')
  const told = (): boolean => events.some((event) => event.type === 'error')
  for (let index = 0; !told() || index < 20; index++) {
    expect(await inbox.record(callbackOf(`task-${index}`))).toBe('recorded')
  }
  await vi.waitFor(() => expect(told()).toBe(true), PATIENCE)
})
