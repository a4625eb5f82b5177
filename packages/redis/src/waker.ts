import type { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { keysOf, waitForMarker } from './beyond-docs.ts'

/** Waits for work on behalf of a runner that has nothing to do. */
export interface Waker {
  /** The runner has free slots and there was nothing: wait for more. */
  waitForWork(): void
  /** The runner is asking for work. */
  heed(): void
  stop(): void
}

/** Seconds that one wait lasts; far less than a silent socket is trusted. */
const WAIT = 2

/**
 * BullMQ's own way to wake a worker: whoever adds a job leaves a marker, one that waits gets it, and while there is more
 * the marker is left again with each job that is taken. Of many processes one is woken, not all.
 */
export function createWaker(worker: Worker, redis: Redis, wake: () => void): Waker {
  let isWaiting = false
  const stopped = new AbortController()
  let isHeeded = false

  async function wait(): Promise<void> {
    isWaiting = true
    try {
      let isThere = false
      while (!isThere && !stopped.signal.aborted) isThere = await waitForMarker(worker, WAIT)
      isHeeded = false
      wake()
      // A runner that has no slot free any more does not ask; someone else may.
      if (!isHeeded && !stopped.signal.aborted) await redis.zadd(keysOf(worker).marker, 0, '0')
    } catch {
      // Redis is away. The runner asks it from time to time, and tells what is wrong.
    } finally {
      isWaiting = false
    }
  }

  return {
    waitForWork() {
      if (!isWaiting && !stopped.signal.aborted) void wait()
    },
    heed() {
      isHeeded = true
    },
    stop() {
      stopped.abort()
    },
  }
}
