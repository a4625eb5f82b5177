import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Inbox, LumaEvent } from '@luma-callback/core'
import type { Deliver, InboxOptions } from '@luma-callback/core/inbox'
import { callbackOf } from './callbacks.ts'
import { untilAborted } from './hooks.ts'
import { isDurable, type Started, type Tests, type InboxTest } from './inbox-test.ts'

const storage = new AsyncLocalStorage<string>()
const NAMES = ['a', 'b', 'c', 'd', 'e']
const ROUNDS = 4

/** What ran where: the task, what happened to it, and the context that it happened in. */
type Note = readonly [taskId: string, what: string, context: string]

interface Noted extends Started {
  notes: Note[]
  count(what: string): number
}

/** An inbox that is started in a context of its own, and notes in which one each run and each event is. */
async function startIn(
  context: string,
  { start }: InboxTest,
  deliver: Deliver,
  options: Partial<InboxOptions> = {},
): Promise<Noted> {
  const notes: Note[] = []
  const note = (taskId: string, what: string): void =>
    void notes.push([taskId, what, storage.getStore() ?? 'no context'])
  const noting: Deliver = async (callback, run) => {
    note(callback.taskId, 'hook')
    await deliver(callback, run)
    note(callback.taskId, 'its end')
  }
  const emit = (event: LumaEvent): void => {
    if ('callback' in event) note(event.callback.taskId, event.type)
  }
  const started = await storage.run(context, () => start(noting, { ...options, emit }))
  return {
    ...started,
    notes,
    count: (what) => notes.filter(([, noted]) => noted === what).length,
  }
}

/** Records in a request's own context; one that is refused is left to its test. */
async function recordIn(context: string, inbox: Inbox, taskId: string): Promise<void> {
  await storage.run(context, () => inbox.record(callbackOf(taskId))).catch(() => {})
}

/** An inbox works for many requests, and so in the context of its start. Where nothing is kept, a run is its request's own. */
function assertContext(inbox: Inbox, notes: readonly Note[], request: string, start = 'start'): void {
  const expected = isDurable(inbox) ? start : request
  for (const note of notes) assert.equal(note[2], expected, `${note[1]} of ${note[0]}`)
}

/** A hook runs, and its events are told, in the context of the inbox's start, and in no request's but its own. */
export const inContext: Tests = {
  'of many at once, with one slot, no hook runs in the context of the request that woke it': async (inboxTest) => {
    const noted = await startIn('start', inboxTest, () => sleep(1), { concurrency: 1 })
    // Each round begins with an inbox that has nothing to do, so that a request wakes it, unless a timer just did.
    for (let round = 1; round <= ROUNDS; round++) {
      const names = NAMES.map((name) => `${name}${round}`)
      await Promise.all(names.map((name) => recordIn(name, noted.inbox, name)))
      await inboxTest.until('all are delivered', () => noted.count('delivered') === round * NAMES.length)
      for (const name of names) {
        const notes = noted.notes.filter(([taskId]) => taskId === name)
        assert.deepEqual(
          notes.map(([, what]) => what),
          ['hook', 'its end', 'delivered'],
        )
        assertContext(noted.inbox, notes, name)
      }
    }
  },

  'a run after one that failed, and what is told of it, are in the same context': async (inboxTest) => {
    const noted = await startIn('start', inboxTest, async (_callback, { attempt }) => {
      if (attempt < 3) throw new Error('not yet')
    })
    await recordIn('request', noted.inbox, 'a')
    // Where nothing is kept, the provider sends it again, and that is a request of its own.
    if (!isDurable(noted.inbox)) {
      assertContext(noted.inbox, noted.notes, 'request')
      noted.notes.length = 0
      await recordIn('another', noted.inbox, 'a')
      return assertContext(noted.inbox, noted.notes, 'another')
    }
    await Promise.all(NAMES.slice(1).map((name) => recordIn(name, noted.inbox, name)))
    await inboxTest.until('all are delivered', () => noted.count('delivered') === NAMES.length)
    assert.equal(noted.count('retrying'), 2 * NAMES.length)
    assertContext(noted.inbox, noted.notes, '')
  },

  'that the last run failed is told in the same context': async (inboxTest) => {
    const noted = await startIn('start', inboxTest, async () => {
      throw new Error('never')
    })
    if (!isDurable(noted.inbox)) return
    await recordIn('request', noted.inbox, 'a')
    await inboxTest.until('it is dead', () => noted.count('dead') === 1)
    assertContext(noted.inbox, noted.notes, '')
  },

  'what was left when its process closed runs in the context of the next start': async (inboxTest) => {
    const first = await startIn('start', inboxTest, untilAborted)
    void recordIn('request', first.inbox, 'a')
    await inboxTest.until('it runs', () => first.count('hook') === 1)
    await storage.run('request to close', () => first.inbox.close({ timeout: 0 }))
    const next = await startIn('next start', inboxTest, async () => {})
    await recordIn('another', next.inbox, 'a')
    await inboxTest.until('it is delivered', () => next.count('delivered') === 1)
    assertContext(next.inbox, next.notes, 'another', 'next start')
  },

  'what is requeued by a request does not run in its context': async (inboxTest) => {
    let isMended = false
    const noted = await startIn('start', inboxTest, async () => {
      if (!isMended) throw new Error('not yet')
    })
    const { inbox } = noted
    if (!isDurable(inbox)) return
    await recordIn('request', inbox, 'a')
    await inboxTest.until('it is dead', () => noted.count('dead') === 1)
    isMended = true
    await storage.run('request to requeue', () => inbox.requeue())
    await inboxTest.until('it is delivered', () => noted.count('delivered') === 1)
    assertContext(inbox, noted.notes, '')
  },

  'what a hook enters its context with is not found by the next one': async (inboxTest) => {
    const found = new Map<string, string | undefined>()
    const { inbox } = await storage.run('start', () =>
      inboxTest.start(async ({ taskId }) => {
        found.set(taskId, storage.getStore())
        storage.enterWith(`entered by the hook of ${taskId}`)
      }),
    )
    await Promise.all(NAMES.map((name) => recordIn(name, inbox, name)))
    await inboxTest.until('all have run', () => found.size === NAMES.length)
    for (const name of NAMES) assert.equal(found.get(name), isDurable(inbox) ? 'start' : name)
  },
}
