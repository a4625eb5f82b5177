import type { LumaCallback } from '../callback/parse.ts'
import type { Clock } from '../internal/clock.ts'
import { onAbort } from '../internal/on-abort.ts'

/** Wakes the callers that wait for a task when its callback comes to this process. */
export interface Arrivals {
  tell(callback: LumaCallback): void
  /** The next of this task, or undefined after `patience` milliseconds or an abort. */
  next(taskId: string, patience: number, signal: AbortSignal): Promise<LumaCallback | undefined>
}

export function createArrivals(clock: Clock): Arrivals {
  const waiting = new Map<string, Set<(callback: LumaCallback | undefined) => void>>()

  return {
    tell(callback) {
      for (const end of waiting.get(callback.taskId) ?? []) end(callback)
    },
    next(taskId, patience, signal) {
      return new Promise((resolve) => {
        const ends = waiting.get(taskId) ?? new Set()
        waiting.set(taskId, ends)
        const timer = clock.setTimeout(giveUp, patience)
        const ignore = onAbort(signal, giveUp)
        ends.add(end)

        function giveUp(): void {
          end(undefined)
        }
        function end(callback: LumaCallback | undefined): void {
          clock.clearTimeout(timer)
          ignore()
          ends.delete(end)
          if (ends.size === 0) waiting.delete(taskId)
          resolve(callback)
        }
      })
    },
  }
}
