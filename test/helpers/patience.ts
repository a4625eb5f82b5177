import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How long a test waits for what must happen. It takes a fraction of that: a machine that is slow, or busy with something
 * else, makes a test slow, and never red.
 */
export const PATIENCE = { timeout: 60_000, interval: 20 }

/** The same in milliseconds for a program, which has to start first. */
export const START = 240_000

/** Waits until there are so many, for as long as they become more; else it says how far they came. */
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
