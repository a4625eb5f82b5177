import { captureContext } from '../internal/async-context.ts'
import { deferred, type Deferred } from '../internal/promises.ts'

/**
 * Batches calls: items that come while `work` runs go together into its next call. The busier it gets, the more each call
 * does, so that one transaction, one round trip and one sync of a disk serve many. Each call runs in the async context that
 * `gather` was called in, never in that of an item.
 *
 * @param work - Resolves to a result for each item, in their order. If it rejects, all that were in it reject so.
 * @param most - How much one call takes; further items wait for the next one.
 * @param weigh - How much an item counts; 1 by default.
 * @returns A function that resolves to the result of its item.
 */
export function gather<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  most = 1_000,
  weigh: (item: Item) => number = () => 1,
): (item: Item) => Promise<Result> {
  let waiting: { item: Item; result: Deferred<Result> }[] = []
  let isWorking = false
  const inContext = captureContext()

  /** How many go together, but one in any case. */
  function countOf(items: typeof waiting): number {
    let weight = 0
    const beyond = items.findIndex(({ item }, index) => (weight += weigh(item)) > most && index > 0)
    return beyond === -1 ? items.length : beyond
  }

  async function workOff(): Promise<void> {
    // Items of the same turn go together.
    await Promise.resolve()
    while (waiting.length > 0) {
      const count = countOf(waiting)
      const batch = waiting.slice(0, count)
      waiting = waiting.slice(count)
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
      void inContext(workOff)
    }
    return result.promise
  }
}
