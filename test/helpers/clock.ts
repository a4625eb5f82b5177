import { AsyncResource } from 'node:async_hooks'
import type { Clock, Timer } from '@luma-callback/core/inbox'

interface Pending {
  at: number
  callback: () => void
}

export interface FakeClock extends Clock {
  /** Lets this many milliseconds pass, firing every timer that falls due, in order, with the promises in between. */
  advance(milliseconds: number): Promise<void>
  /** How many timers wait. */
  readonly pending: number
  /** Sets it by so many milliseconds, as an administrator does: no time passes. */
  set(by: number): void
}

/** A clock that stands still until it is told to go on. */
export function fakeClock({ now = Date.now(), random = (): number => 0.5 } = {}): FakeClock {
  const timers = new Map<number, Pending>()
  let time = now
  let set = 0
  let ids = 0

  return {
    now: () => time + set,
    elapsed: () => time,
    set: (by) => void (set += by),
    random,
    setTimeout(callback, delay) {
      // In the context that it was set in, as a timer of Node's.
      timers.set(++ids, { at: time + delay, callback: AsyncResource.bind(callback) })
      return ids as unknown as Timer
    },
    clearTimeout(timer) {
      timers.delete(timer as unknown as number)
    },
    get pending() {
      return timers.size
    },
    async advance(milliseconds) {
      const end = time + milliseconds
      await settlePromises()
      for (;;) {
        const [next] = [...timers].toSorted(([, a], [, b]) => a.at - b.at)
        if (!next || next[1].at > end) break
        timers.delete(next[0])
        time = next[1].at
        next[1].callback()
        await settlePromises()
      }
      time = end
    },
  }
}

/** Lets everything that waits for nothing but promises run on. */
export async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
}
