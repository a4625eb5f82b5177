import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How long a test waits for what must happen. Mostly it takes a fraction of that. So a slow or busy machine makes a test slow,
 * but never red.
 */
export const PATIENCE = { timeout: 60_000, interval: 20 }

/** The same in milliseconds for a program, which has to start first. */
export const START = 240_000

/** Waits until there are `wanted`, for as long as the count grows. Throws an error that names the count when it stands still. */
export async function untilAtLeast(wanted: number, count: () => number | Promise<number>): Promise<void> {
  let most = -Infinity
  let movedAt = performance.now()
  for (;;) {
    const counted = await count()
    if (counted >= wanted) return
    if (counted > most) {
      most = counted
      movedAt = performance.now()
    } else if (performance.now() - movedAt > PATIENCE.timeout) {
      throw new Error(`waited for ${wanted}, and there are ${counted}: no more came in ${PATIENCE.timeout} ms`)
    }
    await sleep(PATIENCE.interval)
  }
}
