import type { Clock } from '@luma-callback/core/inbox'
import { createSlots, pause, systemClock } from '@luma-callback/core/internal'
import type { LumaClient } from './client.ts'

/** Resolves when the next question may be asked; rejects with the signal's reason if it aborts before. */
export type Pace = (signal: AbortSignal) => Promise<void>

/** A number of turns a second at most, in the order they were asked for, whoever asks. */
export function createPace(rate: number, clock: Clock = systemClock): Pace {
  const slots = createSlots(1)
  const never = new AbortController().signal

  return async (signal) => {
    await slots.enter(signal)
    void pause(1_000 / rate, never, clock).then(() => slots.leave())
  }
}

/** A client whose questions keep to a pace. */
export function paced(client: Pick<LumaClient, 'details'>, pace: Pace): Pick<LumaClient, 'details'> {
  return {
    async details(taskId, { signal = new AbortController().signal } = {}) {
      await pace(signal)
      return client.details(taskId, { signal })
    },
  }
}
