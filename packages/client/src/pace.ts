import type { Clock } from '@luma-callback/core/inbox'
import { createSlots, pause, systemClock } from '@luma-callback/core/internal'
import type { LumaClient } from './client.ts'

/** Resolves when the next request may be sent; rejects with the signal's reason if it aborts first. */
export type Pace = (signal: AbortSignal) => Promise<void>

/** Allows at most `rate` turns a second, in the order of the calls. */
export function createPace(rate: number, clock: Clock = systemClock): Pace {
  const slots = createSlots(1)
  const never = new AbortController().signal

  return async (signal) => {
    await slots.enter(signal)
    void pause(1_000 / rate, never, clock).then(() => slots.leave())
  }
}

/** A client that waits for its turn before each request. */
export function paced(client: Pick<LumaClient, 'details'>, pace: Pace): Pick<LumaClient, 'details'> {
  return {
    async details(taskId, { signal = new AbortController().signal } = {}) {
      await pace(signal)
      return client.details(taskId, { signal })
    },
  }
}
