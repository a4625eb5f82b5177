import type { LumaEvent, Recorded } from '@luma-callback/core'
import { createInbox, type CreateInboxOptions, type InboxEngine, type Job } from '@luma-callback/core/inbox'
import type { Deliver } from '@luma-callback/core/inbox'
import { onTestFinished } from 'vitest'
import { createOutage } from '../../packages/core/src/inbox/outage.ts'
import { fakeClock, type FakeClock } from './clock.ts'
import { fakeStore, type FakeStore } from './jobs.ts'

export interface FakeEngine extends InboxEngine, Pick<FakeStore, 'notes' | 'waiting' | 'asked' | 'answers'> {
  /** What the next calls do in place of what they would. */
  next: Partial<{ [Name in keyof InboxEngine]: (() => Promise<unknown>)[] }>
}

/** An engine that remembers what it was told, and does what a test wants next. */
export function fakeEngine(...waiting: Job[]): FakeEngine {
  const store = fakeStore(...waiting)
  const next: FakeEngine['next'] = {}

  function call<Result>(name: keyof InboxEngine, note: string, result: Result): Promise<Result> {
    store.notes.push(note)
    const other = next[name]?.shift()
    return other ? (other() as Promise<Result>) : Promise.resolve(result)
  }

  return Object.assign(store, {
    next,
    name: 'the inbox in a test',
    open: () => call('open', 'open', undefined),
    record: ({ key }: { key: string }, before: Date) =>
      call<Recorded>('record', `record ${key} unless seen since ${before.getTime()}`, 'recorded'),
    putBack: ({ source }: Job, delay: number) => call('putBack', `put back ${source.key} for ${delay}`, true),
    recover: () => call('recover', 'recover', 0),
    list: () => call('list', 'list', { entries: [], cursor: undefined }),
    get: (key: string) => call('get', `get ${key}`, undefined),
    requeue: ({ key = 'all', most }: { key: string | undefined; most: number }) =>
      call('requeue', `requeue ${key}, ${most} at most`, 0),
    stats: () => call('stats', 'stats', { pending: 0, running: 0, done: 0, dead: 0, seen: 0 }),
    purge: ({ keep }: { keep: number }) => call('purge', `purge but ${keep}`, 0),
    forget: ({ before }: { before: Date }) => call('forget', `forget before ${before.getTime()}`, 0),
    uptime: () => call('uptime', 'uptime', Infinity),
    close: () => call('close', 'close', undefined),
  })
}

export const LEASE = 30_000

/** An inbox on a clock that stands still, with a lease of 30 s. */
export function inboxOn(
  engine: InboxEngine,
  options: Partial<CreateInboxOptions> = {},
  { tellsReturn = false }: { tellsReturn?: boolean } = {},
): {
  inbox: ReturnType<typeof createInbox>
  clock: FakeClock
  events: LumaEvent[]
  start(deliver?: Deliver): Promise<void>
} {
  const clock = fakeClock({ now: 1_000_000 })
  const events: LumaEvent[] = []
  const emit = (event: LumaEvent): void => void events.push(event)
  const inbox = createInbox(engine, { lease: LEASE, pollInterval: 500, ...options })
  onTestFinished(async () => {
    const closed = inbox.close({ timeout: 0 })
    await clock.advance(60_000)
    await closed
  })
  return {
    inbox,
    clock,
    events,
    start: (deliver = async () => {}) =>
      inbox.start(deliver, {
        concurrency: 10,
        retry: { attempts: 5, minDelay: 1_000, maxDelay: 5_000 },
        retention: 60_000,
        emit,
        clock,
        outage: tellsReturn ? createOutage({ store: 'inbox', emit, clock }) : undefined,
      }),
  }
}
