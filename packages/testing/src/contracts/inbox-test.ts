import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CloseOptions, DurableInbox, Inbox, LumaCallback, LumaEvent, Recorded } from '@luma-callback/core'
import type { Deliver, DeliverOptions, InboxOptions } from '@luma-callback/core/inbox'
import { systemClock, within, type Filled } from '@luma-callback/core/internal'

/** The store of one test. */
export interface InboxSetUp {
  /** An inbox over the store that has not been started: each is what another process would have. */
  open: () => Inbox | Promise<Inbox>
  /** Called at the end of the test, when every inbox is closed. */
  tearDown?: () => void | Promise<void>
}

/** One run of a hook. */
export interface Delivery extends DeliverOptions {
  callback: LumaCallback
}

export interface Started {
  inbox: Inbox
  /** The runs that this inbox began. */
  deliveries: Delivery[]
  events: LumaEvent[]
}

/** What a test does with a store. */
export interface InboxTest {
  /** An inbox that is open and not started. */
  open(): Promise<Inbox>
  /** One that is at work; its hook succeeds at once unless there is another. */
  start(deliver?: Deliver, options?: Partial<InboxOptions>): Promise<Started>
  /** Resolves as soon as the condition holds; rejects with `what` when patience is at its end. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>
}

/** The tests of one guarantee, by what they say. */
export type Tests = Readonly<Record<string, (inboxTest: InboxTest) => Promise<void>>>

/** What the tests of a contract are run with. */
export interface InboxTestOptions {
  /** Makes a store for one test, empty and its own. */
  setUp: () => InboxSetUp | Promise<InboxSetUp>
  /**
   * How long to wait for what should happen before the test fails, in milliseconds. Default: 60 000, so that no test
   * fails because the machine is slow. A test framework that ends a test sooner hides what did not happen.
   */
  patience?: number | undefined
}

/** What a test starts an inbox with, unless it says otherwise. */
export const OPTIONS: InboxOptions = {
  concurrency: 10,
  retry: { attempts: 3, minDelay: 10, maxDelay: 40 },
  retention: 60 * 60 * 1000,
  emit: () => {},
  clock: systemClock,
}
export const PATIENCE = 60_000
/** What a test gives `close()` where it must not cut anything off, in milliseconds. */
export const LONG = 60_000

/** Runs one test on a store of its own, and closes whatever it opened. */
export async function runInboxTest(
  { setUp, patience }: Filled<InboxTestOptions>,
  body: (inboxTest: InboxTest) => Promise<void>,
): Promise<void> {
  const { open, tearDown } = await setUp()
  const opened: Inbox[] = []
  const all: Started[] = []

  async function openOne(): Promise<Inbox> {
    const inbox = closingInTime(await open(), patience)
    opened.push(inbox)
    return inbox
  }

  async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + patience
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`waited ${patience} ms in vain until ${what}; ${summaryOf(all)}`)
      await sleep(5)
    }
  }

  async function start(deliver: Deliver = async () => {}, options: Partial<InboxOptions> = {}): Promise<Started> {
    const started: Started = { inbox: await openOne(), deliveries: [], events: [] }
    all.push(started)
    const recorded: Deliver = (callback, run) => {
      started.deliveries.push({ callback, ...run })
      return deliver(callback, run)
    }
    await started.inbox.start(recorded, {
      ...OPTIONS,
      emit: (event) => void started.events.push(event),
      ...options,
    })
    return started
  }

  const errors: unknown[] = []
  const attempt = (step: () => unknown): Promise<unknown> =>
    Promise.resolve()
      .then(step)
      .catch((error: unknown) => errors.push(error))
  await attempt(() => body({ open: openOne, start, until }))
  await Promise.all(opened.map((inbox) => attempt(() => inbox.close({ timeout: 0 }))))
  await attempt(() => tearDown?.())
  // What the test itself failed with says more than what came after it.
  if (errors.length > 0) throw errors[0]
}

/** What the inboxes of a test did, for the message of what did not happen. */
function summaryOf(all: readonly Started[]): string {
  const told = all.map(({ deliveries, events }, index) => {
    const runs = deliveries.map(({ callback, attempt }) => `${callback.key.slice(0, 40)} (attempt ${attempt})`)
    const types = events.map((event) => (event.type === 'error' ? `error: ${event.error.message}` : event.type))
    return `inbox ${index + 1} ran ${listOf(runs)} and told ${listOf(types)}`
  })
  return told.length > 0 ? told.join('; ') : 'no inbox was started'
}

/** The last few of them. */
function listOf(items: readonly string[], most = 20): string {
  if (items.length === 0) return 'nothing'
  const last = items.slice(-most).join(', ')
  return items.length > most ? `${items.length}, the last of them ${last}` : last
}

/** One whose closing would be waited for in vain fails the test that closes it, where else no test would end. */
function closingInTime(inbox: Inbox, patience: number): Inbox {
  const close = (options?: CloseOptions): Promise<void> => {
    // As an inbox does by default, which is its own to do.
    const { timeout = 20_000 } = options ?? {}
    const late = (): Error =>
      new Error(`close() did not end within its timeout, ${timeout} ms, and ${patience} ms more`)
    return within(() => inbox.close(options), timeout + patience, late, systemClock)
  }
  return new Proxy(inbox, {
    get(target, name) {
      if (name === 'close') return close
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** What became of each; `refused` for one that rejected, so that the provider would come again. */
export async function recordAll(inboxes: readonly Inbox[], callback: LumaCallback): Promise<(Recorded | 'refused')[]> {
  return Promise.all(inboxes.map((inbox) => inbox.record(callback).catch(() => 'refused' as const)))
}

export function keysOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ callback }) => callback.key).toSorted()
}

/** What a hook is given has to be what was recorded, to the letter. */
export function assertSame(delivered: LumaCallback | undefined, recorded: LumaCallback): void {
  assert.deepEqual(delivered, recorded)
}

export function isDurable(inbox: Inbox): inbox is DurableInbox {
  return ['list', 'get', 'requeue', 'stats', 'purge'].every((method) => method in inbox)
}
