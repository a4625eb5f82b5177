import type { LumaCallback, Recorded } from '@luma-callback/core'
import { gather } from '@luma-callback/core/inbox'
import { createAdder } from './adder.ts'
import { idOf, seenKeys } from './callback-job.ts'
import { openQueue, problemOf, type Connect } from './connection.ts'

/** Callbacks that one transaction takes: Redis does nothing else meanwhile. One counts for each 20 000 characters. */
const MOST = 200
const CHARACTERS = 20_000

export interface Recorder {
  record(callback: LumaCallback): Promise<Recorded>
  /** Why there is no connection, if that is known. */
  problem(): Error | undefined
  close(): Promise<void>
}

/**
 * Takes callbacks in, many at a time.
 *
 * BullMQ forgets a job's id when the job is removed, so the keys are remembered apart from the jobs; and it offers no
 * step that adds a job only if something else holds. Redis does: the keys are watched and looked up, and the jobs added
 * and the keys remembered in one transaction, which does nothing if any of the keys has been touched since.
 */
export function createRecorder(connect: Connect, prefix: string): Recorder {
  const opened = openQueue(connect, prefix)
  const { queue, redis } = opened
  const { seen } = seenKeys(prefix)
  const add = createAdder(opened, prefix)

  async function recordAll(callbacks: readonly LumaCallback[]): Promise<Recorded[]> {
    const ids = callbacks.map(({ key }) => idOf(key))
    for (;;) {
      const digests = await look(ids)
      const told = callbacks.map((callback, index) => judge(callback, ids[index]!, digests))
      const fresh = callbacks.filter((_, index) => told[index] === 'recorded')
      if (fresh.length === 0) {
        await redis.unwatch()
        return told
      }
      if (await add(fresh)) return told
      // This ends: another process has recorded one of them meanwhile, or scripts are sent in full the next time.
    }
  }

  /** The digests that are known, by id. */
  async function look(ids: readonly string[]): Promise<Map<string, string>> {
    const distinct = [...new Set(ids)]
    const places = distinct.map(seen)
    await queue.waitUntilReady()
    const [watched, found] = await Promise.all([redis.watch(...places), redis.mget(...places)])
    if (watched !== 'OK') throw new Error(`Redis answered ${String(watched)} to WATCH`)
    return new Map(distinct.flatMap((id, index) => (found[index] == null ? [] : [[id, found[index]]])))
  }

  const gathered = gather(recordAll, MOST, ({ raw }) => Math.max(1, raw.length / CHARACTERS))
  return {
    record(callback) {
      // It would wait for a connection, and the provider for an answer.
      if (redis.status !== 'ready' && redis.status !== 'connect' && redis.status !== 'connecting') {
        return Promise.reject(problemOf(redis) ?? new Error('the connection was lost'))
      }
      return gathered(callback)
    },
    problem: () => problemOf(redis),
    async close() {
      await queue.close().catch(() => {})
      redis.disconnect()
    },
  }
}

/** What a callback is, given what was recorded before it; notes its digest for those that come after it. */
function judge({ digest }: LumaCallback, id: string, digests: Map<string, string>): Recorded {
  const known = digests.get(id)
  if (known === undefined) {
    digests.set(id, digest)
    return 'recorded'
  }
  return known === digest ? 'duplicate' : 'conflict'
}
