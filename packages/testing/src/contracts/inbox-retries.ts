import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { UnrecoverableError } from '@luma-callback/core'
import { callbackOf } from './callbacks.ts'
import { failing, untilAborted } from './hooks.ts'
import { isDurable, keysOf, LONG, type Tests } from './inbox-test.ts'

/** A failing delivery is retried, and then kept as dead. */
export const retried: Tests = {
  'a delivery that fails is tried again until it succeeds': async ({ start, until }) => {
    const { inbox, deliveries, events } = await start(async (_callback, { attempt }) => {
      if (attempt < 3) throw new Error('not yet')
    })
    await inbox.record(callbackOf('a'))
    await until('it is done', () => events.some(({ type }) => type === 'delivered'))
    assert.deepEqual(
      deliveries.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    assert.deepEqual(
      events.map(({ type }) => type),
      ['retrying', 'retrying', 'delivered'],
    )
  },

  'one that fails each time is dead after its attempts, and is not delivered again': async ({ start, until }) => {
    const { inbox, deliveries, events } = await start(failing('never'))
    await inbox.record(callbackOf('a'))
    await until('it is dead', () => events.some(({ type }) => type === 'dead'))
    assert.equal(deliveries.length, 3)
    assert.equal(await inbox.record(callbackOf('a')), 'duplicate')
    await inbox.close({ timeout: LONG })
    // Whatever was left to do would be done ahead of what is recorded now.
    const next = await start()
    await next.inbox.record(callbackOf('b'))
    await until('the next one is delivered', () => next.deliveries.length > 0)
    await sleep(100)
    assert.deepEqual(keysOf(next.deliveries), ['b:success'])
    assert.equal(deliveries.length, 3)
  },

  'one that says that no retry will help is dead at once': async ({ start, until }) => {
    const { inbox, deliveries, events } = await start(async () => {
      throw new UnrecoverableError('no such order')
    })
    await inbox.record(callbackOf('a'))
    await until('it is dead', () => events.some(({ type }) => type === 'dead'))
    assert.equal(deliveries.length, 1)
  },

  'one that hangs in its retries holds up no other': async ({ start, until }) => {
    const { inbox, events } = await start(
      async ({ taskId }) => {
        if (taskId === 'bad') throw new Error('never')
      },
      { retry: { attempts: 100, minDelay: 5, maxDelay: 10 } },
    )
    await inbox.record(callbackOf('bad'))
    await inbox.record(callbackOf('good'))
    await until('the other is done', () => events.some(({ type }) => type === 'delivered'))
  },

  'a retry that was cut off has not used up its attempt': async ({ start, until }) => {
    const first = await start(async (callback, run) => {
      if (run.attempt === 1) throw new Error('not yet')
      return untilAborted(callback, run)
    })
    await first.inbox.record(callbackOf('a'))
    await until('it runs again', () => first.deliveries.length === 2)
    await first.inbox.close({ timeout: 0 })
    const next = await start(failing('never'))
    await until('it is dead', () => next.events.some(({ type }) => type === 'dead'))
    assert.deepEqual(
      next.deliveries.map(({ attempt }) => attempt),
      [2, 3],
    )
  },

  'what is dead is kept with its error, and gets all its attempts again when it is requeued': async ({
    start,
    until,
  }) => {
    let isMended = false
    const { inbox, deliveries, events } = await start(async () => {
      if (!isMended) throw new Error('the disk is full')
    })
    if (!isDurable(inbox)) return
    for (const name of ['a', 'b', 'c']) await inbox.record(callbackOf(name))
    await until('all are dead', () => events.filter(({ type }) => type === 'dead').length === 3)
    const { entries } = await inbox.list({ state: 'dead' })
    assert.deepEqual(entries.map(({ taskId }) => taskId).toSorted(), ['a', 'b', 'c'])
    for (const entry of entries) {
      assert.equal(entry.attempts, 3)
      assert.match(entry.lastError ?? '', /the disk is full/)
      assert.ok(entry.endedAt instanceof Date)
    }
    isMended = true
    assert.equal(await inbox.requeue('a:success'), 1)
    await until('one is done', () => events.filter(({ type }) => type === 'delivered').length === 1)
    assert.equal(deliveries.at(-1)?.callback.taskId, 'a')
    assert.equal(deliveries.at(-1)?.attempt, 1)
    assert.equal(await inbox.requeue(), 2)
    await until('all are done', () => events.filter(({ type }) => type === 'delivered').length === 3)
    assert.equal(await inbox.requeue(), 0)
    assert.equal(await inbox.requeue('a:success'), 0)
    assert.equal(await inbox.requeue('of nothing'), 0)
  },

  'what is requeued and fails again is dead again after as many attempts': async ({ start, until }) => {
    const { inbox, deliveries, events } = await start(failing('never'))
    if (!isDurable(inbox)) return
    const deaths = () => events.filter(({ type }) => type === 'dead').length
    await inbox.record(callbackOf('a'))
    await until('it is dead', () => deaths() === 1)
    assert.equal(await inbox.requeue('a:success'), 1)
    await until('it is dead again', () => deaths() === 2)
    assert.deepEqual(
      deliveries.map(({ attempt }) => attempt),
      [1, 2, 3, 1, 2, 3],
    )
    assert.equal((await inbox.get('a:success'))?.attempts, 3)
  },
}
