import { createSlots } from '@luma-callback/core/internal'

/**
 * Files that are worked on at once in this process; the others wait. More of them share the same line and disk, and each
 * costs memory. Whoever waits for a lock, or for another attempt, has none.
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
