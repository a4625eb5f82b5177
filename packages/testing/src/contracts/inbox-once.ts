import assert from 'node:assert/strict'
import { callbackOf, HOSTILE_KEYS } from './callbacks.ts'
import { keysOf, recordAll, type Tests } from './inbox-test.ts'

/** The one atomic write that tells the first from all others. */
export const once: Tests = {
  'of many records of one callback at once, in several processes, exactly one is told "recorded"': async ({
    start,
  }) => {
    const inboxes = await Promise.all([start(), start(), start()])
    for (let round = 0; round < 10; round++) {
      const senders = Array.from({ length: 30 }, (_, index) => inboxes[index % 3]!.inbox)
      const told = await recordAll(senders, callbackOf(`task-${round}`))
      assert.equal(told.filter((one) => one === 'recorded').length, 1)
      assert.equal(told.includes('conflict'), false)
    }
  },

  'of contents that contradict each other, at once in several processes, exactly one is recorded': async ({
    start,
    until,
  }) => {
    const inboxes = await Promise.all([start(), start(), start()])
    const contents = ['one', 'two', 'three'].map((content) => callbackOf('a', { content }))
    const sendings = Array.from({ length: 30 }, (_, index) => ({
      sender: inboxes[index % 3]!.inbox,
      callback: contents[Math.floor(index / 3) % 3]!,
    }))
    const told = await Promise.all(
      sendings.map(({ sender, callback }) => sender.record(callback).catch(() => 'refused' as const)),
    )
    assert.equal(told.filter((one) => one === 'recorded').length, 1)
    const { callback: first } = sendings[told.indexOf('recorded')]!
    for (const [index, { callback }] of sendings.entries()) {
      assert.notEqual(told[index], callback === first ? 'conflict' : 'duplicate')
    }
    const deliveries = () => inboxes.flatMap((one) => one.deliveries)
    await until('it is delivered', () => deliveries().length > 0)
    assert.ok(deliveries().every(({ callback }) => callback.digest === first.digest))
  },

  'what was recorded before is a duplicate': async ({ start }) => {
    const { inbox } = await start()
    assert.equal(await inbox.record(callbackOf('a')), 'recorded')
    assert.equal(await inbox.record(callbackOf('a')), 'duplicate')
  },

  'the same key with another content is a conflict, and is not delivered': async ({ start, until }) => {
    const { inbox, deliveries } = await start()
    const first = callbackOf('a')
    assert.equal(await inbox.record(first), 'recorded')
    assert.equal(await inbox.record(callbackOf('a', { content: 'forged' })), 'conflict')
    assert.equal(await inbox.record(first), 'duplicate')
    const other = await start()
    assert.equal(await other.inbox.record(callbackOf('a', { content: 'forged' })), 'conflict')
    assert.equal(await other.inbox.record(first), 'duplicate')
    await other.inbox.close()
    assert.equal(other.deliveries.filter(({ callback }) => callback.digest !== first.digest).length, 0)
    // What is recorded after it is delivered after it.
    await inbox.record(callbackOf('b'))
    await until('the next one is delivered', () => keysOf(deliveries).includes('b:success'))
    assert.deepEqual(keysOf([...deliveries, ...other.deliveries]), ['a:success', 'b:success'])
    assert.ok(deliveries.every(({ callback }) => callback.taskId === 'b' || callback.digest === first.digest))
  },

  'a failure and a success of one task are two, and both are delivered': async ({ start, until }) => {
    const { inbox, deliveries } = await start()
    assert.equal(await inbox.record(callbackOf('a', { outcome: 'failure' })), 'recorded')
    assert.equal(await inbox.record(callbackOf('a')), 'recorded')
    await until('both are delivered', () => deliveries.length === 2)
    assert.deepEqual(keysOf(deliveries), ['a:failure', 'a:success'])
  },

  'keys are told apart to the last character, whatever they hold': async ({ start }) => {
    const { inbox } = await start()
    for (const key of HOSTILE_KEYS)
      assert.equal(await inbox.record(callbackOf('a', { key })), 'recorded', key.slice(0, 40))
    for (const key of HOSTILE_KEYS)
      assert.equal(await inbox.record(callbackOf('a', { key })), 'duplicate', key.slice(0, 40))
  },
}
