import { onAbort } from './on-abort.ts'

/** Lets a number of tasks run at once; the others wait in the order they came. */
export interface Slots {
  /**
   * Takes a slot: at once if it gives undefined, else when the promise resolves. The promise rejects with the signal's reason if
   * it aborts first. Each `enter` needs one `leave`.
   */
  enter(signal: AbortSignal): Promise<void> | undefined
  leave(): void
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()

  return {
    enter(signal) {
      signal.throwIfAborted()
      if (free > 0) {
        free--
        return undefined
      }
      return new Promise((resolve, reject) => {
        const ignore = onAbort(signal, () => {
          waiting.delete(go)
          reject(signal.reason as Error)
        })
        function go(): void {
          ignore()
          resolve()
        }
        waiting.add(go)
      })
    },
    /** Passes the slot to the task that has waited longest, so that no new task can overtake it. */
    leave() {
      const [next] = waiting
      if (next) {
        waiting.delete(next)
        next()
      } else {
        free++
      }
    },
  }
}
