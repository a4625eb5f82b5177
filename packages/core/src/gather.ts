import { deferred, type Deferred } from './promises.ts'

/**
 * Makes many calls one: what is asked while a call of `work` is under way goes together into the next one. The busier
 * it gets, the more each call does, so that one transaction, one round trip and one sync of a disk serve many.
 *
 * @param work - Resolves to a result for each item, in their order. If it rejects, all that were in it reject so.
 * @param most - Items a call; what is beyond them waits for the next one.
 * @returns A function that resolves to the result of its item.
 */
export function gather<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  most = 1_000,
): (item: Item) => Promise<Result> {
  let waiting: { item: Item; result: Deferred<Result> }[] = []
  let isWorking = false

  async function workOff(): Promise<void> {
    // What is asked in the same turn goes together.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most)
      waiting = waiting.slice(most)
      try {
        const results = await work(batch.map(({ item }) => item))
        for (const [index, { result }] of batch.entries()) result.resolve(results[index] as Result)
      } catch (error) {
        for (const { result } of batch) result.reject(error as Error)
      }
    }
    isWorking = false
  }

  return (item) => {
    const result = deferred<Result>()
    waiting.push({ item, result })
    if (!isWorking) {
      isWorking = true
      void workOff()
    }
    return result.promise
  }
}
