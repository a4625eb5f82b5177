import assert from 'node:assert/strict'
import { UnrecoverableError, type DeliveryState, type DurableInbox } from '@luma-callback/core'
import { callbackOf } from './callbacks.ts'
import { untilAborted } from './hooks.ts'
import { isDurable, type Started, type Tests, type InboxTest } from './inbox-test.ts'

/** Seven that are done and three that are dead. */
async function startUsed(inboxTest: InboxTest): Promise<DurableInbox> {
  const { inbox } = await startUsedUp(inboxTest)
  return inbox
}

async function startUsedUp({ start, until }: InboxTest): Promise<Started & { inbox: DurableInbox }> {
  const { inbox, deliveries, events } = await start(
    async ({ taskId }) => {
      if (taskId.startsWith('bad')) throw new Error('never')
    },
    { retry: { attempts: 1, minDelay: 1, maxDelay: 1 } },
  )
  assert.ok(isDurable(inbox), 'it has no list, get, requeue, stats and purge')
  const names = [...Array.from({ length: 7 }, (_, index) => `good-${index}`), 'bad-0', 'bad-1', 'bad-2']
  for (const name of names) await inbox.record(callbackOf(name))
  await until(
    'all have ended',
    () => events.filter(({ type }) => type === 'delivered' || type === 'dead').length === 10,
  )
  return { inbox, deliveries, events }
}

function assertDescending(times: readonly (Date | undefined)[]): void {
  assert.ok(times.every((time) => time instanceof Date))
  assert.deepEqual(
    times,
    times.toSorted((a, b) => Number(b) - Number(a)),
  )
}

async function pagesOf(inbox: DurableInbox, state: DeliveryState | undefined, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const page = await inbox.list({ state, cursor, limit })
    pages.push(page.entries.map(({ key }) => key))
    cursor = page.cursor
  } while (cursor !== undefined)
  return pages
}

/** What each task fails with, run by run. */
const FAILURES: Readonly<Record<string, readonly [first: Error, second: Error]>> = {
  network: [
    new Error('not yet'),
    new TypeError('fetch failed', { cause: withCode('connect ECONNREFUSED', 'ECONNREFUSED') }),
  ],
  ours: [withCode('not yet', 'EAGAIN'), new UnrecoverableError('no such order')],
  plain: [withCode('not yet', 'EAGAIN'), new Error('a last error without a code')],
}

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Looking into an inbox from outside. */
export const inspected: Tests = {
  'counts are told': async (inboxTest) => {
    const inbox = await startUsed(inboxTest)
    const { seen, ...states } = await inbox.stats()
    assert.deepEqual(states, { pending: 0, running: 0, done: 7, dead: 3 })
    // Where counting is dear this is an estimate.
    assert.ok(Number.isInteger(seen) && seen > 0)
  },

  'an entry tells all about its callback': async (inboxTest) => {
    const inbox = await startUsed(inboxTest)
    const entry = await inbox.get('bad-1:success')
    const { raw, query } = callbackOf('bad-1')
    assert.equal(entry?.state, 'dead')
    assert.deepEqual(
      { raw: entry.raw, query: entry.query, taskId: entry.taskId, outcome: entry.outcome, attempts: entry.attempts },
      { raw, query: { ...query }, taskId: 'bad-1', outcome: 'success', attempts: 1 },
    )
    assert.match(entry.lastError ?? '', /never/)
    for (const time of [entry.receivedAt, entry.startedAt, entry.endedAt]) assert.ok(time instanceof Date)
    assert.equal(entry.nextRunAt, undefined)
    assert.equal(await inbox.get('of nothing'), undefined)
  },

  'what a run failed with is kept as a text with its causes, and as a code': async ({ start, until }) => {
    const { inbox, events } = await start(
      async ({ taskId }, { attempt }) => {
        throw FAILURES[taskId]?.[attempt - 1]
      },
      { retry: { attempts: 2, minDelay: 1, maxDelay: 1 } },
    )
    assert.ok(isDurable(inbox), 'it has no list, get, requeue, stats and purge')
    for (const name of Object.keys(FAILURES)) await inbox.record(callbackOf(name))
    await until('all are dead', () => events.filter(({ type }) => type === 'dead').length === 3)
    const { entries } = await inbox.list({ state: 'dead' })
    assert.deepEqual(
      entries
        .map(({ taskId, lastError, failureCode }) => ({ taskId, lastError, failureCode }))
        .toSorted((a, b) => (a.taskId < b.taskId ? -1 : 1)),
      [
        { taskId: 'network', lastError: 'TypeError: fetch failed: connect ECONNREFUSED', failureCode: 'ECONNREFUSED' },
        { taskId: 'ours', lastError: 'UnrecoverableError: no such order', failureCode: 'ERR_LUMA_UNRECOVERABLE' },
        { taskId: 'plain', lastError: 'Error: a last error without a code', failureCode: undefined },
      ],
    )
    assert.equal((await inbox.get('ours:success'))?.failureCode, 'ERR_LUMA_UNRECOVERABLE')
  },

  'pages hold each entry once': async (inboxTest) => {
    const inbox = await startUsed(inboxTest)
    for (const [state, total] of [
      [undefined, 10],
      ['done', 7],
      ['dead', 3],
      ['pending', 0],
      ['running', 0],
    ] as const) {
      for (const limit of [1, 3, 7, 10, 1_000]) {
        const pages = await pagesOf(inbox, state, limit)
        assert.equal(new Set(pages.flat()).size, total)
        assert.equal(pages.flat().length, total)
        assert.ok(pages.every((page) => page.length <= limit))
        assert.equal(pages.length, Math.max(1, Math.ceil(total / limit)))
      }
    }
  },

  'the latest come first': async (inboxTest) => {
    const inbox = await startUsed(inboxTest)
    for (const state of ['done', 'dead'] as const) {
      const { entries } = await inbox.list({ state })
      assertDescending(entries.map(({ endedAt }) => endedAt))
    }
    const { entries } = await inbox.list()
    assertDescending(entries.map(({ receivedAt }) => receivedAt))
  },

  'what runs and what waits for its retry is told, and neither requeued nor purged': async ({ start, until }) => {
    const { inbox, deliveries, events } = await start(
      async (callback, run) => {
        if (callback.taskId === 'running') return untilAborted(callback, run)
        throw withCode('not yet', 'EAGAIN')
      },
      { retry: { attempts: 3, minDelay: 600_000, maxDelay: 600_000 } },
    )
    assert.ok(isDurable(inbox), 'it has no list, get, requeue, stats and purge')
    for (const name of ['running', 'waiting']) await inbox.record(callbackOf(name))
    await until('one waits', () => events.some(({ type }) => type === 'retrying'))
    await until('one runs', () => deliveries.length === 2)
    for (const key of [undefined, 'running:success', 'waiting:success']) assert.equal(await inbox.requeue(key), 0)
    assert.equal(await inbox.purge(), 0)
    const { pending, running } = await inbox.stats()
    assert.deepEqual({ pending, running }, { pending: 1, running: 1 })

    const { entries: waiting } = await inbox.list({ state: 'pending' })
    assert.deepEqual(
      waiting.map(({ taskId, attempts, endedAt }) => ({ taskId, attempts, endedAt })),
      [{ taskId: 'waiting', attempts: 1, endedAt: undefined }],
    )
    assert.ok(Number(waiting[0]?.nextRunAt) > Date.now() + 60_000)
    assert.match(waiting[0]?.lastError ?? '', /not yet/)
    assert.equal(waiting[0]?.failureCode, 'EAGAIN')

    const { entries: atWork } = await inbox.list({ state: 'running' })
    assert.deepEqual(
      atWork.map(({ taskId, endedAt, nextRunAt }) => ({ taskId, endedAt, nextRunAt })),
      [{ taskId: 'running', endedAt: undefined, nextRunAt: undefined }],
    )
    assert.ok(atWork[0]?.startedAt instanceof Date)
  },

  'what is requeued from outside is delivered by whoever works': async (inboxTest) => {
    const { deliveries } = await startUsedUp(inboxTest)
    const outside = await inboxTest.open()
    assert.ok(isDurable(outside))
    assert.equal(await outside.requeue('bad-1:success'), 1)
    await inboxTest.until('it is delivered again', () => deliveries.length === 11)
    assert.equal(deliveries.at(-1)?.callback.taskId, 'bad-1')
    assert.equal(deliveries.at(-1)?.attempt, 1)
  },

  'a list that cannot be is refused by name': async (inboxTest) => {
    const inbox = await startUsed(inboxTest)
    await assert.rejects(inbox.list({ state: 'lost' as DeliveryState }), TypeError)
    await assert.rejects(inbox.list({ cursor: 'nowhere' }), TypeError)
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) await assert.rejects(inbox.list({ limit }), TypeError)
  },

  'what is purged is forgotten, its key is not': async (inboxTest) => {
    const inbox = await startUsed(inboxTest)
    assert.equal(await inbox.purge(), 7)
    assert.equal(await inbox.purge(), 0)
    const { done, dead } = await inbox.stats()
    assert.deepEqual({ done, dead }, { done: 0, dead: 3 })
    assert.equal(await inbox.get('good-1:success'), undefined)
    assert.equal(await inbox.record(callbackOf('good-1')), 'duplicate')
    assert.equal(await inbox.record(callbackOf('good-1', { content: 'forged' })), 'conflict')
  },

  'it can be looked into without being started': async (inboxTest) => {
    await startUsed(inboxTest)
    const looked = await inboxTest.open()
    assert.ok(isDurable(looked))
    assert.equal((await looked.stats()).dead, 3)
    assert.equal((await looked.list({ state: 'done' })).entries.length, 7)
  },
}
