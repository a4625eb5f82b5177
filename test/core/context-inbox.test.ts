import type { Inbox, LumaOptions } from '@luma-callback/core'
import { gather, type Deliver, type InboxOptions, type Job, type JobFailure } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'
import { memoryInboxes } from '../contract/memory-inbox.ts'
import { settlePromises } from '../helpers/clock.ts'
import { fakeStore, jobOf, startRunner } from '../helpers/jobs.ts'
import type { Receiver } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'
import { expectIn, heldHooks, here, startNoting, storage } from './noting.ts'

/** Runs that fail once, and what is told of them. */
function failingOnce(receiver: () => ReturnType<typeof startNoting>): Pick<LumaOptions, 'onSuccess' | 'retry'> {
  return {
    retry: { attempts: 3, minDelay: 10, maxDelay: 10 },
    async onSuccess({ taskId }, { attempt }) {
      receiver().note(`run ${taskId}`)
      await Promise.resolve()
      receiver().note(`end ${taskId}`)
      if (attempt < 2) throw new Error('not yet')
    },
  }
}

describe('with an inbox they are in the context of the making of the receiver', () => {
  /** One of a user's own that knows nothing of contexts: it delivers in the midst of what records, and tells it there. */
  function naive(onStart: () => void): Inbox {
    let work: { deliver: Deliver; options: InboxOptions } | undefined
    return {
      async record(callback) {
        const run = async (attempt: number): Promise<void> => {
          try {
            await work?.deliver(callback, { attempt, signal: new AbortController().signal })
            work?.options.emit({ type: 'delivered', callback, attempt, duration: 0 })
          } catch (error) {
            work?.options.emit({ type: 'retrying', callback, attempt, error: error as Error, by: 'inbox', delay: 0 })
            await run(attempt + 1)
          }
        }
        await run(1)
        return 'recorded'
      },
      async start(deliver, options) {
        onStart()
        work = { deliver, options }
      },
      close: async () => {},
    }
  }

  test.each<[string, (onStart: () => void) => Inbox]>([
    ['one on the runner', () => memoryInboxes()()],
    ['one that knows nothing of contexts', naive],
  ])('%s', async (_name, open) => {
    const inbox = open(() => receiver.note('start'))
    const receiver = startNoting({ ...failingOnce(() => receiver), inbox, concurrency: 1 })
    const { send, handler, clock, notes } = receiver
    const taskIds = ['a', 'b', 'c', 'd', 'e']
    // The first request starts it.
    const answers = taskIds.map((taskId) => send(successOf(taskId)))
    await clock.advance(10_000)
    expect(await Promise.all(answers)).toEqual(taskIds.map(() => '200 received'))
    for (const taskId of taskIds) {
      const own = notes.filter(([what]) => what.endsWith(` ${taskId}`) && !what.startsWith('received'))
      expect(own.map(([what]) => what.split(' ')[0])).toEqual(['run', 'end', 'retrying', 'run', 'end', 'delivered'])
      expectIn(own, taskId, 'making')
    }
    expect(notes.filter(([what, context]) => what === 'start' && context !== 'making')).toEqual([])
    await close(handler, clock)
  })

  test('also if a request starts it, and another one closes it while a hook runs', async () => {
    const notes: ReturnType<typeof startNoting>['notes'] = []
    const { hook } = heldHooks((what) => notes.push([what, here()]))
    const { send, clock, handler } = startNoting({ onSuccess: hook, inbox: memoryInboxes()() })
    await storage.run('request to start', () => handler.start())
    await send(successOf('a'))
    await clock.advance(100)
    const closing = storage.run('request to close', () => handler.close({ timeout: 10 }))
    await clock.advance(10_000)
    await closing
    expect(notes).toEqual([
      ['run a', 'making'],
      ['abort a', 'making'],
    ])
  })

  test('what is told of a request itself is told in its own', async () => {
    const { send, clock, handler, notes } = startNoting({ inbox: memoryInboxes()() })
    const sample = successOf('a')
    expect(await send(sample, '1')).toBe('200 received')
    expect(await send(sample, '2')).toBe('200 duplicate')
    expect(await send({ ...sample, body: sample.body.replace('https://', 'https://other.') }, '3')).toMatch(/^200/)
    expect(await send({ ...sample, body: 'no' }, '4')).toBe('400 invalid_json')
    await clock.advance(100)
    await close(handler, clock)
    expect(notes).toContainEqual(['delivered a', 'making'])
    expect(notes.filter(([what]) => !what.startsWith('delivered'))).toEqual([
      ['received a', '1'],
      ['received a', '2'],
      ['duplicate a', '2'],
      ['received a', '3'],
      ['conflict a', '3'],
      ['rejected', '4'],
    ])
  })
})

test('a runner asks its store, and tells of it, in the context that it was made in, whoever wakes it', async () => {
  const notes = new Set<string>()
  const note = <Result>(result: Result): Result => {
    notes.add(here())
    storage.enterWith('entered by the store')
    return result
  }
  const store = fakeStore()
  const { take, complete, retry } = store
  Object.assign(store, {
    take: (count: number) => note(take(count)),
    complete: (job: Job) => note(complete(job)),
    retry: (job: Job, failure: JobFailure, delay: number) => note(retry(job, failure, delay)),
  })
  const deliver: Deliver = async ({ taskId }) => {
    if (taskId === 'b') throw new Error('not yet')
  }
  const { runner, clock, events } = storage.run('making', () => startRunner(store, deliver))
  await clock.advance(0)
  for (const round of [1, 2]) {
    store.waiting.push(jobOf('a'), jobOf('b'))
    storage.run(`request ${round}`, () => runner.wake())
    await clock.advance(0)
  }
  expect(events.map(({ type }) => type).toSorted()).toEqual(['delivered', 'delivered', 'retrying', 'retrying'])
  expect([...notes]).toEqual(['making'])
})

test('a batch that serves many requests runs in the context of none of them', async () => {
  const contexts: string[] = []
  const ask = storage.run('making', () =>
    gather(async (items: readonly number[]) => {
      contexts.push(here())
      storage.enterWith('entered by the batch')
      await settlePromises()
      return items
    }),
  )
  const asked = [1, 2].map((item) => storage.run(`request ${item}`, async () => [await ask(item), here()]))
  await Promise.resolve()
  const later = storage.run('request 3', async () => [await ask(3), here()])
  expect(await Promise.all([...asked, later])).toEqual([
    [1, 'request 1'],
    [2, 'request 2'],
    [3, 'request 3'],
  ])
  expect(await storage.run('request 4', async () => [await ask(4), here()])).toEqual([4, 'request 4'])
  expect(contexts.at(0)).toBe('making')
  expect(contexts.at(-1)).toBe('making')
  expect(contexts.some((context) => context.startsWith('request'))).toBe(false)
})

async function close(handler: Receiver['handler'], clock: Receiver['clock']): Promise<void> {
  const closing = handler.close({ timeout: 0 })
  await clock.advance(10_000)
  await closing
}
