import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { callbackOf, hostileCallback, HOSTILE_KEYS } from './callbacks.ts'
import { held, untilAborted } from './hooks.ts'
import { assertSame, isDurable, keysOf, LONG, type Started, type Tests, type InboxTest } from './inbox-test.ts'

/** One that records, and has no slot free to deliver. */
async function startFull({ start, until }: InboxTest): Promise<Started & { finish: () => void }> {
  const { heeding, finish } = held()
  const full = await start(heeding, { concurrency: 1 })
  await full.inbox.record(callbackOf('first'))
  await until('its only slot is taken', () => full.deliveries.length === 1)
  return { ...full, finish }
}

/** What was recorded is delivered until it is done. */
export const delivered: Tests = {
  'the hook is given what was recorded': async ({ start, until }) => {
    const { inbox, deliveries } = await start()
    const callback = callbackOf('a', { key: 'a key of my own' })
    await inbox.record(callback)
    await until('it was delivered', () => deliveries.length === 1)
    assertSame(deliveries[0]?.callback, callback)
    assert.equal(deliveries[0]?.attempt, 1)
  },

  'whatever its key holds': async ({ start, until }) => {
    const { inbox, deliveries } = await start()
    for (const key of HOSTILE_KEYS) await inbox.record(callbackOf('a', { key }))
    await until('all were delivered', () => deliveries.length === HOSTILE_KEYS.length)
    assert.deepEqual(keysOf(deliveries), HOSTILE_KEYS.toSorted())
  },

  'nothing of it is changed on its way to another process': async (inboxTest) => {
    const full = await startFull(inboxTest)
    const callback = hostileCallback()
    await full.inbox.record(callback)
    const { deliveries } = await inboxTest.start()
    await inboxTest.until('the other one delivered it', () => deliveries.length === 1)
    assertSame(deliveries[0]?.callback, callback)
  },

  'what one process recorded and could not begin another delivers': async (inboxTest) => {
    const full = await startFull(inboxTest)
    const idle = await inboxTest.start()
    await full.inbox.record(callbackOf('second'))
    await inboxTest.until('the other one delivered it', () => idle.deliveries.length === 1)
    assert.equal(idle.deliveries[0]?.callback.taskId, 'second')
    full.finish()
  },

  'what was recorded before anyone began to work is delivered, unless that was refused': async ({
    open,
    start,
    until,
  }) => {
    const idle = await open()
    const told = await idle.record(callbackOf('early')).catch(() => 'refused' as const)
    await idle.close()
    const { inbox, deliveries } = await start()
    await inbox.record(callbackOf('late'))
    const expected = told === 'refused' ? ['late:success'] : ['early:success', 'late:success']
    await until('all were delivered', () => deliveries.length === expected.length)
    assert.deepEqual(keysOf(deliveries), expected)
  },

  'what was left when its process closed the next one delivers': async ({ start, until }) => {
    const hung = await start(untilAborted, { concurrency: 1 })
    for (const name of ['a', 'b', 'c']) await hung.inbox.record(callbackOf(name))
    await hung.inbox.close({ timeout: 0 })
    const { deliveries } = await start()
    await until('all were delivered', () => deliveries.length === 3)
    assert.deepEqual(keysOf(deliveries), ['a:success', 'b:success', 'c:success'])
  },

  'what was still running when its process had closed the next one delivers, as the same attempt': async (
    inboxTest,
  ) => {
    const { heedless, finish } = held()
    const first = await inboxTest.start(heedless)
    await first.inbox.record(callbackOf('a'))
    await inboxTest.until('it runs', () => first.deliveries.length === 1)
    try {
      await first.inbox.close({ timeout: 10 })
      const { deliveries } = await inboxTest.start()
      await inboxTest.until('it is delivered', () => deliveries.length === 1)
      assert.equal(deliveries[0]?.attempt, 1)
    } finally {
      finish()
    }
  },

  'a run that ends after its process has closed decides nothing: the next one’s run does': async (inboxTest) => {
    const { heedless, finish } = held()
    const next = held()
    const first = await inboxTest.start(heedless)
    await first.inbox.record(callbackOf('a'))
    await inboxTest.until('it runs', () => first.deliveries.length === 1)
    try {
      await first.inbox.close({ timeout: 10 })
      const { inbox, deliveries, events } = await inboxTest.start(next.heeding)
      await inboxTest.until('the next one runs it', () => deliveries.length === 1)
      finish()
      await sleep(50)
      if (isDurable(inbox)) assert.equal((await inbox.get('a:success'))?.state, 'running')
      next.finish()
      await inboxTest.until('it is delivered', () => events.some(({ type }) => type === 'delivered'))
    } finally {
      finish()
      next.finish()
    }
  },

  'whoever comes second is told so, and not sent away': async ({ start }) => {
    const inboxes = await Promise.all([start(), start()])
    const sendings = Array.from({ length: 20 }, (_, index) => inboxes[index % 2]!.inbox.record(callbackOf('a')))
    assert.deepEqual((await Promise.all(sendings)).toSorted(), [
      ...Array.from({ length: 19 }, () => 'duplicate'),
      'recorded',
    ])
  },
}

/** Never twice at the same time, and never again after it was done. */
export const exclusive: Tests = {
  'each of many is delivered once, however many processes work and however often it is recorded': async ({
    start,
    until,
  }) => {
    const running = new Map<string, number>()
    const runs = new Map<string, number>()
    let mostAtOnce = 0
    const deliver = async ({ key }: { key: string }): Promise<void> => {
      running.set(key, (running.get(key) ?? 0) + 1)
      mostAtOnce = Math.max(mostAtOnce, running.get(key) ?? 0)
      await sleep(2)
      running.set(key, (running.get(key) ?? 0) - 1)
      runs.set(key, (runs.get(key) ?? 0) + 1)
    }
    const inboxes = await Promise.all([start(deliver), start(deliver)])
    const sendings = Array.from({ length: 300 }, (_, index) =>
      inboxes[index % 2]!.inbox.record(callbackOf(`task-${index % 100}`)).catch(() => 'refused'),
    )
    await Promise.all(sendings)
    await until('all are done', () => runs.size === 100)
    await Promise.all(inboxes.map(({ inbox }) => inbox.close({ timeout: LONG })))
    // Whatever was left to do would be done ahead of what is recorded now.
    const next = await start(deliver)
    await next.inbox.record(callbackOf('last'))
    await until('the last one is done', () => runs.has('last:success'))
    assert.equal(mostAtOnce, 1)
    assert.deepEqual([...new Set(runs.values())], [1])
  },

  'a duplicate of what is done is not delivered, here or elsewhere': async ({ start, until }) => {
    const first = await start()
    await first.inbox.record(callbackOf('a'))
    await until('it is done', () => first.events.some(({ type }) => type === 'delivered'))
    const second = await start()
    assert.equal(await second.inbox.record(callbackOf('a')), 'duplicate')
    // What is recorded after it is delivered after it.
    await second.inbox.record(callbackOf('b'))
    await until('the next one is delivered', () => [...first.deliveries, ...second.deliveries].length >= 2)
    assert.deepEqual(keysOf([...first.deliveries, ...second.deliveries]), ['a:success', 'b:success'])
  },

  'no more run at once than "concurrency" allows': async ({ start, until }) => {
    let atOnce = 0
    let mostAtOnce = 0
    let ended = 0
    let open: () => void
    const threeRun = new Promise<void>((resolve) => (open = resolve))
    const { inbox } = await start(
      async () => {
        mostAtOnce = Math.max(mostAtOnce, ++atOnce)
        if (atOnce === 3) open()
        // However slowly they are taken, three come to run at once; then there is time for a fourth to be wrong.
        await threeRun
        await sleep(5)
        atOnce--
        ended++
      },
      { concurrency: 3 },
    )
    await Promise.all(Array.from({ length: 30 }, (_, index) => inbox.record(callbackOf(`task-${index}`))))
    await until('all have ended', () => ended === 30)
    assert.equal(mostAtOnce, 3)
  },
}
