import { memoryDedupe } from '@luma-callback/core'
import { describe, expect, test } from 'vitest'
import { failureOf, successOf } from '../helpers/signed.ts'
import { expectIn, heldHooks, here, startNoting, storage } from './noting.ts'

describe('in direct mode a hook and its events are in the context of their own request', () => {
  test('also one that waited for the slot that the end of another left', async () => {
    const notes: ReturnType<typeof startNoting>['notes'] = []
    const { runs, hook } = heldHooks((what) => notes.push([what, here()]))
    const { send, clock } = startNoting({ onSuccess: hook, onFailure: hook, concurrency: 1 })
    const answers = ['a', 'b', 'c', 'd', 'e'].map((taskId) => send(successOf(taskId)))
    for (let index = 0; index < 5; index++) {
      await clock.advance(0)
      // Whoever ends a hook does so in a context of its own.
      storage.run('whoever ends it', () => runs[index]?.end())
    }
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 5 }, () => '200 received'))
    for (const taskId of ['a', 'b', 'c', 'd', 'e']) expectIn(notes, taskId, taskId)
  })

  test('also the runs after the 200, and what is told of them', async () => {
    const receiver = startNoting({
      concurrency: 1,
      ackTimeout: 100,
      retry: { attempts: 3, minDelay: 10, maxDelay: 10 },
      async onSuccess({ taskId }, { attempt }) {
        receiver.note(`run ${taskId}`)
        await new Promise<void>((resolve) => receiver.clock.setTimeout(resolve, 200))
        receiver.note(`end ${taskId}`)
        if (attempt < 3 || taskId === 'dead') throw new Error('not yet')
      },
    })
    const taskIds = ['a', 'b', 'dead']
    const answers = taskIds.map((taskId) => receiver.send(successOf(taskId)))
    await receiver.clock.advance(100)
    expect(await Promise.all(answers)).toEqual(taskIds.map(() => '200 received'))
    await receiver.clock.advance(10_000)
    const told = receiver.notes.map(([what]) => what).filter((what) => !/^(?:run|end|received)/.test(what))
    expect(told.toSorted()).toEqual([
      'dead dead',
      'delivered a',
      'delivered b',
      ...taskIds.flatMap((id) => [`retrying ${id}`, `retrying ${id}`]),
    ])
    for (const taskId of taskIds) expectIn(receiver.notes, taskId, taskId)
  })

  test('also a run that waited for the end of the one before it, which had been given up', async () => {
    const notes: ReturnType<typeof startNoting>['notes'] = []
    const { runs, hook } = heldHooks((what) => notes.push([what, here()]))
    const { send, clock } = startNoting({ onSuccess: hook, hookTimeout: 1_000 })
    const first = send(successOf('a'), 'first request')
    await clock.advance(1_000)
    expect(await first).toBe('500 hook_failed')
    notes.length = 0
    const second = send(successOf('a'), 'second request')
    await clock.advance(10)
    expect(notes).toEqual([])
    storage.run('whoever ends it', () => runs[0]?.end())
    await clock.advance(10)
    expect(notes).toEqual([
      ['end a', 'first request'],
      ['run a', 'second request'],
    ])
    runs[1]?.end()
    expect(await second).toBe('200 received')
  })

  test('also what listens for the abort of its signal, whoever closes the receiver', async () => {
    const notes: ReturnType<typeof startNoting>['notes'] = []
    const { hook } = heldHooks((what) => notes.push([what, here()]))
    const { send, clock, handler } = startNoting({ onSuccess: hook })
    const answer = send(successOf('a'))
    await clock.advance(0)
    const closing = storage.run('request to close', () => handler.close({ timeout: 10 }))
    await clock.advance(1_000)
    await closing
    expect(await answer).toBe('503 closing')
    expect(notes).toEqual([
      ['run a', 'a'],
      ['abort a', 'a'],
    ])
  })

  test('so are all the other functions of the user', async () => {
    const called = new Map<string, Set<string>>()
    const note = (what: string): void => void called.set(what, (called.get(what) ?? new Set()).add(here()))
    const store = memoryDedupe()
    const dedupe = {
      claim: (...given: Parameters<typeof store.claim>) => (note('claim'), store.claim(...given)),
      renew: (...given: Parameters<typeof store.renew>) => (note('renew'), store.renew(...given)),
      complete: (...given: Parameters<typeof store.complete>) => (note('complete'), store.complete(...given)),
      release: (...given: Parameters<typeof store.release>) => (note('release'), store.release(...given)),
    }
    const { send, handler } = startNoting({
      dedupe,
      secret: async () => (note('secret'), 'whk_test_key_1'),
      verify: async () => note('verify'),
      key: ({ key }) => (note('key'), key),
      trust: { confirm: async (callback) => (note('confirm'), callback) },
      onSuccess: () => note('hook'),
      onFailure() {
        throw new Error('no')
      },
    })
    await storage.run('request to start', () => handler.start())
    await send(successOf(), 'request')
    await send(failureOf(), 'request')
    expect([...called.keys()].toSorted()).toEqual([
      'claim',
      'complete',
      'confirm',
      'hook',
      'key',
      'release',
      'secret',
      'verify',
    ])
    for (const [what, contexts] of called) expect([what, ...contexts]).toEqual([what, 'request'])
  })
})
