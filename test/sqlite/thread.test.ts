import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { callbackOf, hangs, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'

const patience = { timeout: 20_000, interval: 20 }
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
  const recorded = inbox.record(callbackOf('a'))
  // Rejects too late for the test else.
  recorded.catch(() => {})
  void threads[0]?.terminate()
  await expect(recorded).rejects.toEqual(isUnavailable)
  await expect(recorded).rejects.toThrow('has ended; the next call starts another')
  expect(['recorded', 'duplicate']).toContain(await inbox.record(callbackOf('a')))
  expect(await inbox.record(callbackOf('b'))).toBe('recorded')
  await vi.waitFor(() => expect(runs.toSorted()).toEqual(['a', 'b']), patience)
  expect(threads).toHaveLength(2)
})

test('what runs when it ends is aborted at once, for its lease is gone, and run again', async () => {
  const threads = watchThreads()
  // So long that nothing else could tell.
  const inbox = openInbox(join(temporaryFolder(), 'luma.db'), { lease: 3_600_000 })
  const reasons: unknown[] = []
  const { runs } = await startInbox(inbox, async (callback, run) => {
    if (reasons.length === 0) await hangs(callback, run).finally(() => reasons.push(run.signal.reason))
  })
  await inbox.record(callbackOf('a'))
  await vi.waitFor(() => expect(runs).toEqual(['a']), patience)
  await threads[0]?.terminate()
  await vi.waitFor(() => expect(reasons).toMatchObject([{ code: 'ERR_LUMA_LEASE_LOST' }]), patience)
  await vi.waitFor(async () => expect(await inbox.get('a:success')).toMatchObject({ state: 'done' }), patience)
  expect(runs).toEqual(['a', 'a'])
})

test('an inbox whose thread has ended can be closed', async () => {
  const threads = watchThreads()
  const inbox = openInbox(join(temporaryFolder(), 'luma.db'))
  await startInbox(inbox)
  await threads[0]?.terminate()
  await inbox.close()
  expect(threads).toHaveLength(1)
  await expect(inbox.stats()).rejects.toMatchObject({ code: 'ERR_LUMA_CLOSED' })
})
