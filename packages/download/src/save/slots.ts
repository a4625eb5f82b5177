import { createSlots } from '@luma-callback/core/internal'

/**
 * The downloads that run at the same time in this process; the others wait. More would only share the same bandwidth and disk,
 * and each costs memory. A download has no slot while it waits for a lock or for its next attempt.
 */
const slots = createSlots(6)

export async function inSlot<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  await slots.enter(signal)
  try {
    return await work()
  } finally {
    slots.leave()
  }
}
