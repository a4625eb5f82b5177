import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { heldHook, startReceiver, verdictOf } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'
import { PATIENCE } from '../helpers/patience.ts'

const isUnavailable = expect.objectContaining({ code: 'ERR_LUMA_STORE_UNAVAILABLE' })

/** The threads that are started from now on; to end one is what running out of memory does. */
function watchThreads(): Worker[] {
  const threads: Worker[] = []
  const onThread = (message: unknown) => void threads.push((message as { worker: Worker }).worker)
  subscribe('worker_threads', onThread)
  onTestFinished(() => void unsubscribe('worker_threads', onThread))
  return threads
}

test('a thread that has ended is followed by another: what was asked of it fails, what comes later does not', async () => {
  const threads = watchThreads()
  const inbox = openInbox(join(temporaryFolder(), 'luma.db'))
  const { runs } = await startInbox(inbox)
  void threads[0]?.terminate()
  // Before anything can tell that it has ended.
  const recorded = inbox.record(callbackOf('a'))
  // Rejects too late for the test else.
  recorded.catch(() => {})
  await expect(recorded).rejects.toEqual(isUnavailable)
  await expect(recorded).rejects.toThrow(/has ended: it ended with exit code \d; the next call starts another$/)
  expect(['recorded', 'duplicate']).toContain(await inbox.record(callbackOf('a')))
  expect(await inbox.record(callbackOf('b'))).toBe('recorded')
  await vi.waitFor(() => expect(runs.toSorted()).toEqual(['a', 'b']), PATIENCE)
  expect(threads).toHaveLength(2)
})

test('one that cannot start says so, and a later start may succeed', async () => {
  const end = (message: unknown) => void (message as { worker: Worker }).worker.terminate()
  subscribe('worker_threads', end)
  onTestFinished(() => void unsubscribe('worker_threads', end))
  const { handler, send, events } = startReceiver({ inbox: openInbox(join(temporaryFolder(), 'luma.db')) })
  const why =
    /^the inbox could not be started: the thread that writes .*luma\.db could not start: it ended with exit code \d/
  await expect(handler.start()).rejects.toThrow(why)
  expect(await verdictOf(send(successOf()))).toBe('503 store_unavailable')
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'error', error: expect.objectContaining({ message: expect.stringMatching(why) }) }),
  )
  unsubscribe('worker_threads', end)
  await handler.start()
  expect(await verdictOf(send(successOf()))).toBe('200 received')
  await handler.close()
})

test('what runs when it ends goes on, and is done once, also beside another inbox on the file', async () => {
  const threads = watchThreads()
  const file = join(temporaryFolder(), 'luma.db')
  const inbox = openInbox(file)
  const { hook, succeed } = heldHook()
  const { runs } = await startInbox(inbox, hook, { concurrency: 1 })
  await inbox.record(callbackOf('a'))
  await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
  await threads[0]?.terminate()
  await vi.waitFor(() => expect(threads).toHaveLength(2), PATIENCE)
  await inbox.stats()
  // When it has started, it has looked for what others left behind.
  const beside = await startInbox(openInbox(file))
  await inbox.record(callbackOf('b'))
  await vi.waitFor(() => expect(beside.runs).toEqual(['b']), PATIENCE)
  succeed()
  await vi.waitFor(async () => expect(await inbox.get('a:success')).toMatchObject({ state: 'done' }), PATIENCE)
  expect(await inbox.get('a:success')).toMatchObject({ attempts: 1, crashes: 0 })
  expect(runs).toEqual(['a'])
})

test('an inbox whose thread has ended can be closed', async () => {
  const threads = watchThreads()
  const inbox = openInbox(join(temporaryFolder(), 'luma.db'))
  await startInbox(inbox)
  await threads[0]?.terminate()
  await inbox.close()
  await expect(inbox.stats()).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
})
