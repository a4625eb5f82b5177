import { resolve } from 'node:path'
import { ClosedError, type DurableInbox, type LumaCallback, type Recorded } from '@luma-callback/core'
import { createRunner, readListOptions, type Deliver, type InboxOptions, type Runner } from '@luma-callback/core/inbox'
import { closeTimeout } from '@luma-callback/core/internal'
import { checkKey, toNewCallback } from './new-callback.ts'
import { readPage, toEntry, toPosition } from './entries.ts'
import { startHousekeeping } from './housekeeping.ts'
import { createJobStore } from './job-store.ts'
import { createThreadClient, type ThreadClient } from './thread-client.ts'
import { STEP } from './inspect.ts'
import { checkNode, readOptions, type SqliteInboxOptions } from './options.ts'

/** What there is only once the inbox was started. */
interface Work {
  runner: Runner
  housekeeping: { stop: () => Promise<unknown> }
  options: InboxOptions
}

/**
 * A durable inbox in one SQLite file. What was recorded is on the disk before the answer and is delivered until
 * it is done or dead, also after a crash. Any number of processes of one machine may share the file.
 *
 * @param file - Made if it is not there, for its owner's eyes only. On a local disk: SQLite's locks need one.
 * @throws TypeError for an option that is wrong or unknown.
 * @throws NodeVersionError (`ERR_LUMA_NODE_VERSION`) below Node 22.13.
 * @example
 * ```ts
 * import { lumaCallback } from '@luma-callback/express'
 * import { sqliteInbox } from '@luma-callback/sqlite'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   inbox: sqliteInbox('luma.db'),
 * })
 * ```
 */
export function sqliteInbox(file: string, options: SqliteInboxOptions = {}): DurableInbox {
  checkNode()
  if (typeof file !== 'string' || file === '' || file === ':memory:' || file.includes('\0')) {
    throw new TypeError('sqliteInbox: the file must be a path; what is only in memory would be lost')
  }
  const { busyTimeout, lease, pollInterval } = readOptions(options)
  const path = resolve(file)
  const thread = createThreadClient({ file: path, busyTimeout })
  let work: Work | undefined
  let starting: Promise<void> | undefined
  let closing: Promise<void> | undefined

  /** For who calls from outside; what is still at work needs the thread until it is closed. */
  const call: ThreadClient['call'] = (...called) => (closing ? Promise.reject(closedError()) : thread.call(...called))

  function now(): number {
    return work?.options.clock.now() ?? Date.now()
  }

  async function record(callback: LumaCallback): Promise<Recorded> {
    const added = toNewCallback(callback)
    const recorded = await call('record', added, work ? now() - work.options.retention : 0)
    if (recorded === 'recorded') work?.runner.wake()
    return recorded
  }

  /** In small steps, so that callbacks go in between, until one was not full: what comes meanwhile is not waited for. */
  async function inSteps(step: () => Promise<number>): Promise<number> {
    let total = 0
    for (;;) {
      const count = await step()
      total += count
      if (count < STEP) return total
    }
  }

  async function begin(deliver: Deliver, inboxOptions: InboxOptions): Promise<void> {
    if (closing) throw closedError()
    await thread.register()
    const { clock, retry } = inboxOptions
    await thread.call('recover', { now: clock.now(), maxDelay: retry.maxDelay, lease })
    // Whoever closes has looked for what there is to stop; nobody would ever stop what is begun after that.
    if (closing) throw closedError()
    const store = createJobStore(thread, lease, clock)
    const runner = createRunner({ ...inboxOptions, store, deliver, lease, pollInterval })
    const onRecovered = (): void => runner.wake()
    const housekeeping = startHousekeeping({ ...inboxOptions, connection: thread, pollInterval, lease, onRecovered })
    work = { runner, housekeeping, options: inboxOptions }
  }

  function closedError(): ClosedError {
    return new ClosedError(`the inbox ${path} was closed`)
  }

  async function shutDown(timeout: number): Promise<void> {
    await starting?.catch(() => {})
    // What is not written at once is tried again, until nobody waits for it any more.
    thread.hurry()
    await Promise.all([work?.housekeeping.stop(), work?.runner.close({ timeout })])
    await thread.close()
  }

  return {
    record,
    start(deliver, inboxOptions) {
      if (starting) {
        return Promise.reject(new TypeError(`the inbox ${path} was started already; make one for each receiver`))
      }
      starting = begin(deliver, inboxOptions).catch((error: unknown) => {
        starting = undefined
        throw error
      })
      return starting
    },
    async close(closeOptions) {
      const timeout = closeTimeout(closeOptions)
      closing ??= shutDown(timeout)
      return closing
    },
    async list(listOptions = {}) {
      const { state, cursor, limit } = readListOptions(listOptions)
      const after = cursor === undefined ? undefined : toPosition(cursor)
      return readPage((position, count) => call('list', state, position, count), after, limit)
    },
    async get(key) {
      checkKey('get', key)
      const row = await call('get', key)
      return row && toEntry(row)
    },
    async requeue(key) {
      if (key !== undefined) checkKey('requeue', key)
      const count = await (key === undefined
        ? inSteps(() => call('requeue', undefined, now()))
        : call('requeue', key, now()))
      if (count > 0) work?.runner.wake()
      return count
    },
    stats: () => call('stats'),
    purge: () => inSteps(() => call('purge', 0)),
  }
}
