import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DurableInbox, LumaCallback } from '@luma-callback/core'
import type { DeliverOptions } from '@luma-callback/core/inbox'
import { describe, expect, test, vi } from 'vitest'
import { startCommand } from '../helpers/child.ts'
import { callbackOf, openInbox, startInbox, temporaryFolder } from '../helpers/inboxes.ts'
import { canMount, mountReason } from '../helpers/namespaces.ts'
import { heldHook, startReceiver, verdict } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'
import { systemClock } from '../../packages/core/src/internal/clock.ts'
import { PATIENCE } from '../helpers/patience.ts'

describe('a disk that is full', () => {
  // Needs a small file system of its own, which not every system lets one mount.
  test.runIf(canMount)(
    `is answered 503; nothing is lost, and all goes on when there is room${mountReason}`,
    async () => {
      const folder = join(temporaryFolder(), 'small')
      mkdirSync(folder)
      const script = fileURLToPath(new URL('full-disk.ts', import.meta.url))
      const mount = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$1" "$2" "$0"'
      const child = startCommand('unshare', [
        '--map-root-user',
        '--mount',
        'sh',
        '-c',
        mount,
        folder,
        process.execPath,
        script,
      ])
      expect(await child.ended, child.output()).toBe(0)
      const { accepted, refused, laterAccepted, delivered } = JSON.parse(child.output()) as Record<string, number>
      expect(accepted).toBeGreaterThan(500)
      expect(refused).toBe(20)
      expect(laterAccepted).toBe(20)
      expect(delivered).toBe((accepted ?? 0) + 20)
    },
  )
})

describe('a file that another process has locked', () => {
  test('is waited for, for as long as busyTimeout', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    const inbox = openInbox(file, { busyTimeout: PATIENCE.timeout })
    await startInbox(inbox)
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const recorded = inbox.record(callbackOf('a'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    other.exec('COMMIT')
    expect(await recorded).toBe('recorded')
    other.close()
  })

  test('is answered 503 after that, and the receiver goes on when it is free', async () => {
    const file = join(temporaryFolder(), 'luma.db')
    const other = new DatabaseSync(file)
    const inbox = openInbox(file, { busyTimeout: 20 })
    const delivered = vi.fn<() => void>()
    const { handler, send, eventsOf } = startReceiver({ inbox, onSuccess: delivered }, systemReceiverClock())
    await handler.start()
    other.exec('BEGIN IMMEDIATE')
    expect(verdict(await send(successOf('a')))).toBe('503 store_unavailable')
    expect(eventsOf('error')[0]?.error.message).toContain('database is locked')
    other.exec('COMMIT')
    expect(verdict(await send(successOf('a')))).toBe('200 received')
    await vi.waitFor(() => expect(delivered).toHaveBeenCalledTimes(1), PATIENCE)
    await handler.close()
    other.close()
  })
})

describe('a file that another process keeps locked', () => {
  test('is not waited for longer than ackTimeout; what was late is a duplicate when it comes again', async () => {
    const file = newFile()
    const inbox = openInbox(file, { busyTimeout: PATIENCE.timeout })
    const delivered = vi.fn<() => void>()
    const options = { inbox, ackTimeout: 500, onSuccess: delivered }
    const { handler, send } = startReceiver(options, systemReceiverClock())
    await handler.start()
    const unlock = lock(file)
    expect(verdict(await send(successOf('a')))).toBe('503 store_unavailable')
    unlock()
    await vi.waitFor(async () => expect(verdict(await send(successOf('a')))).toBe('200 duplicate'), PATIENCE)
    await vi.waitFor(() => expect(delivered).toHaveBeenCalledTimes(1), PATIENCE)
    await handler.close()
  })

  test('while a hook ends: it is done when the file is free, and not run again', async () => {
    const file = newFile()
    const inbox = openInbox(file, { busyTimeout: 20 })
    const { hook, succeed } = heldHook()
    const { runs, events } = await startInbox(inbox, hook)
    await inbox.record(callbackOf('a'))
    await vi.waitFor(() => expect(runs).toEqual(['a']), PATIENCE)
    const unlock = lock(file)
    succeed()
    const failure = { message: expect.stringContaining('could not be written yet') as string }
    await vi.waitFor(
      () =>
        expect(events).toContainEqual(expect.objectContaining({ error: expect.objectContaining(failure) as Error })),
      PATIENCE,
    )
    unlock()
    await vi.waitFor(
      async () => expect(await inbox.get('a:success')).toMatchObject({ state: 'done', attempts: 1 }),
      PATIENCE,
    )
    expect(runs).toEqual(['a'])
  })

  test('for longer than a lease aborts no hook that runs, if no other process took it; its success counts, once', async () => {
    const file = newFile()
    const lease = 1_000
    const [inbox, other] = [1, 2].map(() => openInbox(file, { lease, busyTimeout: 20 })) as [DurableInbox, DurableInbox]
    const { hook, calls, succeed } = heldHook<[LumaCallback, DeliverOptions]>()
    const { runs, events } = await startInbox(inbox, hook)
    for (const id of ['during', 'after']) await inbox.record(callbackOf(id))
    await vi.waitFor(() => expect(runs).toEqual(['during', 'after']), PATIENCE)
    const elsewhere = await startInbox(other)
    const unlock = lock(file)
    await sleep(2 * lease)
    succeed()
    await sleep(lease)
    unlock()
    const delivered = () => events.flatMap((event) => (event.type === 'delivered' ? [event.callback.taskId] : []))
    await vi.waitFor(() => expect(delivered()).toEqual(['during']), PATIENCE)
    succeed()
    await vi.waitFor(() => expect(delivered()).toEqual(['during', 'after']), PATIENCE)
    expect(calls.map(([, { signal }]) => signal.aborted)).toEqual([false, false])
    expect([...runs, ...elsewhere.runs]).toEqual(['during', 'after'])
  })
})

describe('a file that is damaged while it is used', () => {
  test.each<[string, (file: string) => void]>([
    ['overwritten', (file) => writeFileSync(file, 'x'.repeat(200_000))],
    ['cut off', (file) => truncateSync(file, 5_000)],
    ['emptied', (file) => truncateSync(file)],
  ])('%s: nothing more is answered 200, and the process lives', async (_how, damage) => {
    const file = newFile()
    const inbox = openInbox(file)
    const { handler, send } = startReceiver({ inbox }, systemReceiverClock())
    for (const name of ['a', 'b', 'c']) expect(verdict(await send(successOf(name)))).toBe('200 received')
    checkpoint(file)
    damage(file)
    for (const name of ['d', 'e', 'f']) expect(verdict(await send(successOf(name)))).toBe('503 store_unavailable')
    await handler.close({ timeout: 0 })
  })
})

function newFile(): string {
  return join(temporaryFolder(), 'luma.db')
}

/** Locks others out of a file until what it returns is called. */
function lock(file: string): () => void {
  const other = new DatabaseSync(file)
  other.exec('PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE')
  return () => {
    other.exec('COMMIT')
    other.close()
  }
}

/** Brings all that was written to the file itself, so that none of it is read from beside it. */
function checkpoint(file: string): void {
  const other = new DatabaseSync(file)
  other.exec('PRAGMA busy_timeout = 60000; PRAGMA wal_checkpoint(TRUNCATE)')
  other.close()
}

/** The receiver's helper counts timers; what a thread does takes real time. */
function systemReceiverClock(): Parameters<typeof startReceiver>[1] {
  return { ...systemClock, pending: 0, advance: async () => {}, set: () => {} }
}
