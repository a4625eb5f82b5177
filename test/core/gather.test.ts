import { gather } from '@luma-callback/core/inbox'
import { describe, expect, test } from 'vitest'

/** Work that is done when it is told to be. */
function startWork(most?: number, weigh?: (item: number) => number) {
  const calls: { items: readonly number[]; end: () => void; fail: (error: Error) => void }[] = []
  const ask = gather<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        calls.push({ items, end: () => resolve(items.map((item) => `done ${item}`)), fail: reject })
      }),
    most,
    weigh,
  )
  return { calls, ask, itemsOf: () => calls.map(({ items }) => [...items]) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('gather', () => {
  test('what is asked in one turn is one call, and what is asked while it runs is the next', async () => {
    const { calls, ask, itemsOf } = startWork()
    const first = [ask(1), ask(2)]
    await turn()
    const second = [ask(3)]
    await turn()
    second.push(ask(4))
    expect(itemsOf()).toEqual([[1, 2]])
    calls[0]?.end()
    expect(await Promise.all(first)).toEqual(['done 1', 'done 2'])
    await turn()
    expect(itemsOf()).toEqual([
      [1, 2],
      [3, 4],
    ])
    calls[1]?.end()
    expect(await Promise.all(second)).toEqual(['done 3', 'done 4'])
  })

  test('no call has more than the most, and nothing is left behind', async () => {
    const { calls, ask, itemsOf } = startWork(2)
    const all = Promise.all([ask(1), ask(2), ask(3), ask(4), ask(5)])
    for (let call = 0; call < 3; call++) {
      await turn()
      calls[call]?.end()
    }
    expect(await all).toHaveLength(5)
    expect(itemsOf()).toEqual([[1, 2], [3, 4], [5]])
  })

  test('no call is heavier than the most, but for one item that is so alone', async () => {
    const { calls, ask, itemsOf } = startWork(10, (item) => item)
    const all = Promise.all([ask(4), ask(6), ask(1), ask(30), ask(9), ask(2)])
    for (let call = 0; call < 5; call++) {
      await turn()
      calls[call]?.end()
    }
    expect(await all).toHaveLength(6)
    expect(itemsOf()).toEqual([[4, 6], [1], [30], [9], [2]])
  })

  test('a call that fails fails what was in it, and nothing that comes after it', async () => {
    const { calls, ask } = startWork()
    const failing = Promise.allSettled([ask(1), ask(2)])
    await turn()
    const next = ask(3)
    calls[0]?.fail(new Error('the engine is away'))
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await turn()
    calls[1]?.end()
    expect(await next).toBe('done 3')
  })
})
