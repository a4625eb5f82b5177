import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { callbackOf } from './callbacks.ts'
import { held, untilAborted } from './hooks.ts'
import { keysOf, LONG, type Started, type Tests, type InboxTest } from './inbox-test.ts'

/** One whose hook for `a` runs. */
async function startBusy(
  { start, until }: InboxTest,
  deliver = untilAborted,
  options: Parameters<InboxTest['start']>[1] = {},
): Promise<Started> {
  const started = await start(deliver, options)
  // Where nothing is kept this resolves when the hook is done, or rejects.
  void started.inbox.record(callbackOf('a')).catch(() => {})
  await until('it runs', () => started.deliveries.length === 1)
  return started
}

/** `close()` lets what runs finish; what it cuts off is delivered again and has not used up an attempt. */
export const closed: Tests = {
  'closing waits for what runs': async (inboxTest) => {
    const { heeding, finish } = held()
    const { inbox, deliveries, events } = await startBusy(inboxTest, heeding)
    const closing = inbox.close({ timeout: LONG })
    const first = await Promise.race([closing.then(() => 'it has closed'), sleep(100, 'it still closes')])
    assert.equal(first, 'it still closes')
    finish()
    await closing
    assert.equal(deliveries[0]?.signal.aborted, false)
    assert.ok(events.some(({ type }) => type === 'delivered'))
  },

  'nothing more is begun while it closes': async (inboxTest) => {
    const { heeding, finish } = held()
    const { inbox, deliveries } = await startBusy(inboxTest, heeding, { concurrency: 1 })
    const waiting = inbox.record(callbackOf('b')).catch(() => {})
    // Durable, it resolves at once; where nothing is kept it does not before there is a slot.
    await Promise.race([waiting, sleep(200)])
    const closing = inbox.close({ timeout: LONG })
    finish()
    await closing
    assert.equal(deliveries.length, 1)
  },

  'what is still running when its time is over has its signal aborted, with an Error': async (inboxTest) => {
    const { inbox, deliveries } = await startBusy(inboxTest)
    await inbox.close({ timeout: 10 })
    assert.ok(deliveries[0]?.signal.reason instanceof Error)
  },

  'a hook that does not heed its signal does not hold it up for ever': async (inboxTest) => {
    const { heedless, finish } = held()
    const { inbox } = await startBusy(inboxTest, heedless)
    try {
      await inbox.close({ timeout: 10 })
    } finally {
      finish()
    }
  },

  'what was cut off is delivered by the next one, as the same attempt': async (inboxTest) => {
    const { inbox } = await startBusy(inboxTest)
    await inbox.close({ timeout: 0 })
    const next = await inboxTest.start()
    // Where nothing is kept, the provider sends it again.
    await next.inbox.record(callbackOf('a'))
    await inboxTest.until('it is delivered', () => next.deliveries.length === 1)
    assert.equal(next.deliveries[0]?.attempt, 1)
  },

  'what is recorded while it closes is delivered by it or by the next one, unless it was refused': async ({
    start,
    until,
  }) => {
    const first = await start()
    const names = Array.from({ length: 20 }, (_, index) => `task-${index}`)
    const recording = names.map(async (name) => {
      const told = await first.inbox.record(callbackOf(name)).catch(() => 'refused' as const)
      return told === 'refused' ? [] : [`${name}:success`]
    })
    await first.inbox.close()
    const taken = (await Promise.all(recording)).flat()
    const next = await start()
    await next.inbox.record(callbackOf('last'))
    const delivered = (): string[] => keysOf([...first.deliveries, ...next.deliveries])
    await until('all that it took are delivered', () =>
      [...taken, 'last:success'].every((key) => delivered().includes(key)),
    )
  },

  'nothing is recorded after it': async ({ start }) => {
    const { inbox, deliveries } = await start()
    await inbox.close()
    await assert.rejects(inbox.record(callbackOf('a')), Error)
    assert.equal(deliveries.length, 0)
  },

  'closing again changes nothing, nor does closing what was never started': async ({ open, start }) => {
    const { inbox } = await start()
    await Promise.all([inbox.close(), inbox.close()])
    await inbox.close({ timeout: 0 })
    const unused = await open()
    await unused.close()
  },
}
