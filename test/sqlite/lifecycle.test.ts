import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startChild } from '../helpers/child.ts'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'

test('an inbox that is closed while it starts begins nothing', async () => {
  const file = join(temporaryFolder(), 'luma.db')
  await openInbox(file).record(callbackOf('a'))
  const inbox = openInbox(file)
  const starting = startInbox(inbox)
  const closing = inbox.close()
  await expect(starting).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
  await closing
  expect(await openInbox(file).stats()).toMatchObject({ pending: 1, running: 0, done: 0 })
})

test('closing an inbox keeps the process until it is closed, and all that was asked of it before is done', async () => {
  const file = join(temporaryFolder(), 'luma.db')
  const child = startChild(fileURLToPath(new URL('closer.ts', import.meta.url)), [file])
  expect(await child.ended, child.output()).toBe(0)
  expect(child.output()).toBe('closed, and 100 recorded\n')
  expect(await openInbox(file).stats()).toMatchObject({ pending: 100 })
})

test('an inbox has one receiver: a second start is a TypeError, and the first goes on', async () => {
  const inbox = openInbox(join(temporaryFolder(), 'luma.db'))
  const { runs } = await startInbox(inbox)
  await expect(startInbox(inbox)).rejects.toThrow(TypeError)
  await inbox.record(callbackOf('a'))
  await expect.poll(() => runs).toEqual(['a'])
})

test('a start that failed may be tried again', async () => {
  const folder = temporaryFolder()
  const inbox = openInbox(join(folder, 'not-there-yet', 'luma.db'))
  await expect(startInbox(inbox)).rejects.toMatchObject({ code: 'ERR_LUMA_INBOX_FILE' })
  mkdirSync(join(folder, 'not-there-yet'))
  const { runs } = await startInbox(inbox)
  await inbox.record(callbackOf('a'))
  await expect.poll(() => runs).toEqual(['a'])
})
