import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseCallback, type DurableInbox, type LumaCallback, type LumaEvent } from '@luma-callback/core'
import type { Deliver, InboxOptions } from '@luma-callback/core/inbox'
import { sqliteInbox, type SqliteInboxOptions } from '@luma-callback/sqlite'
import { onTestFinished, type TestContext } from 'vitest'
import { systemClock } from '../../packages/core/src/internal/clock.ts'
import { PATIENCE } from './patience.ts'
import { successOf } from './signed.ts'

/** A folder that is gone when the test is over; of one that runs beside others, by its own `onTestFinished`. */
export function temporaryFolder(onFinished: TestContext['onTestFinished'] = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'luma-sqlite-'))
  onFinished(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** An inbox that is closed when the test is over, before its folder goes. It fails on no machine for being slow. */
export function openInbox(file: string, options: SqliteInboxOptions = {}): DurableInbox {
  const inbox = sqliteInbox(file, { pollInterval: 20, busyTimeout: PATIENCE.timeout, ...options })
  onTestFinished(() => inbox.close({ timeout: 0 }))
  return inbox
}

export interface AtWork {
  events: LumaEvent[]
  /** The task ids of all runs that began. */
  runs: string[]
}

/** Starts an inbox; its hook succeeds at once unless there is another. */
export async function startInbox(
  inbox: DurableInbox,
  deliver: Deliver = async () => {},
  options: Partial<InboxOptions> = {},
): Promise<AtWork> {
  const events: LumaEvent[] = []
  const runs: string[] = []
  await inbox.start(
    (callback, run) => {
      runs.push(callback.taskId)
      return deliver(callback, run)
    },
    {
      concurrency: 10,
      retry: { attempts: 3, minDelay: 10, maxDelay: 40 },
      retention: 60 * 60 * 1000,
      emit: (event) => void events.push(event),
      clock: systemClock,
      ...options,
    },
  )
  return { events, runs }
}

/** A callback as the handler would hand it to an inbox. */
export function callbackOf(taskId: string, receivedAt: Date = new Date()): LumaCallback {
  return parseCallback({ raw: successOf(taskId).body, query: {}, receivedAt })
}

/** A hook that runs until it is aborted. */
export const hangs: Deliver = (_callback, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
