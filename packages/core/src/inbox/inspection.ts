import { checkKey } from './check-callback.ts'
import type { DurableInbox } from './contract.ts'
import type { EngineCalls } from './engine-calls.ts'
import type { InboxEngine } from './engine.ts'
import { readListOptions } from './list-options.ts'
import { STEP } from './sweep.ts'

/** The part of an inbox that operators use: it works on one that was never started. */
export function createInspection(
  engine: Pick<InboxEngine, 'list' | 'get' | 'requeue' | 'stats' | 'purge'>,
  ask: EngineCalls['ask'],
  wake: () => void,
): Pick<DurableInbox, 'list' | 'get' | 'requeue' | 'stats' | 'purge'> {
  /** In steps, so that callbacks go in between. It ends with what there was when it began, though more keeps coming. */
  async function inSteps(what: string, most: () => Promise<number>, step: () => Promise<number>): Promise<number> {
    const limit = await ask(what, most)
    let total = 0
    while (total < limit) {
      const count = await ask(what, step)
      // A step may do less than it could: others requeue and purge too.
      if (count === 0) break
      total += count
    }
    return total
  }

  return {
    list: (options = {}) => ask('be asked for a list', async () => engine.list(readListOptions(options))),
    async get(key) {
      checkKey('get', key)
      return ask('be asked for a callback', () => engine.get(key))
    },
    async requeue(key) {
      if (key !== undefined) checkKey('requeue', key)
      const most = async (): Promise<number> => (key === undefined ? (await engine.stats()).dead : 1)
      const requeued = await inSteps('requeue', most, () => engine.requeue({ key, most: STEP }))
      if (requeued > 0) wake()
      return requeued
    },
    stats: () => ask('be asked for its counts', () => engine.stats()),
    purge() {
      const most = async (): Promise<number> => (await engine.stats()).done
      return inSteps('purge what is done', most, () => engine.purge({ keep: 0, most: STEP }))
    },
  }
}
