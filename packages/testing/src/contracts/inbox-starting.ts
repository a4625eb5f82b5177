import assert from 'node:assert/strict'
import { callbackOf } from './callbacks.ts'
import { OPTIONS, type Tests } from './inbox-test.ts'

/** An inbox starts once, for one receiver. */
export const started: Tests = {
  'a second start is refused with a TypeError, and what the first one began goes on': async ({ start, until }) => {
    const first = await start()
    let others = 0
    const other = async (): Promise<void> => void others++
    await assert.rejects(first.inbox.start(other, OPTIONS), TypeError)
    await Promise.all(['a', 'b', 'c'].map((name) => first.inbox.record(callbackOf(name))))
    await until('all are delivered', () => first.deliveries.length === 3)
    assert.equal(others, 0)
  },

  'of two starts at once one is refused': async ({ open, until }) => {
    const inbox = await open()
    const runs: string[] = []
    const starts = ['first', 'second'].map((name) => inbox.start(async () => void runs.push(name), OPTIONS))
    const results = await Promise.allSettled(starts)
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    await inbox.record(callbackOf('a'))
    await until('it is delivered', () => runs.length === 1)
    assert.deepEqual(runs, ['first'])
  },

  'what is closed is not started any more': async ({ open }) => {
    const inbox = await open()
    await inbox.close()
    await assert.rejects(
      inbox.start(async () => {}, OPTIONS),
      { code: 'ERR_LUMA_CLOSED' },
    )
  },

  'closing while it starts ends, and begins no hook': async ({ open, start, until }) => {
    const inbox = await open()
    let runs = 0
    const starting = inbox.start(async () => void runs++, OPTIONS)
    await Promise.all([inbox.close(), starting.catch(() => {})])
    const next = await start()
    await next.inbox.record(callbackOf('a'))
    await until('the next one delivers', () => next.deliveries.length === 1)
    assert.equal(runs, 0)
  },
}
