import type { LumaReceiver } from '@luma-callback/core'
import { callbackOf } from './callback-of.ts'
import type { TaskDetails } from './details.ts'
import type { ReconcileEvent } from './reconcile-events.ts'
import type { OpenTask } from './track-tasks.ts'

/** Hands finished tasks to the receiver, and remembers how far each has come. */
export interface HandIns {
  /** `waiting`: handed in, and not due again. `settled`: needs no more questions. */
  stateOf(taskId: string): 'new' | 'due' | 'waiting' | 'settled'
  /** Gives the callback of a finished task to the receiver. Resolves with true if the task needs no more questions. */
  handIn(details: TaskDetails): Promise<boolean>
  settle(taskId: string): void
  /** Drops the memory of tasks that are not listed any more. */
  forgetAllBut(open: readonly OpenTask[]): void
}

export interface HandInParts {
  receiver: Pick<LumaReceiver, 'receive' | 'has'>
  /** Milliseconds before a task is handed in for the second time; the pause then doubles. */
  interval: number
  /** Milliseconds after which a task is not handed in again. */
  maxAge: number
  emit: (event: ReconcileEvent) => void
}

/** A task that the receiver has, but has not finished. */
interface HandedIn {
  since: number
  /** When it is handed in again. A callback that `trust` rejected gets another run by that. */
  nextAt: number
  delay: number
}

export function createHandIns({ receiver, interval, maxAge, emit }: HandInParts): HandIns {
  const settled = new Set<string>()
  const handedIn = new Map<string, HandedIn>()

  return {
    stateOf(taskId) {
      if (settled.has(taskId)) return 'settled'
      const { nextAt } = handedIn.get(taskId) ?? {}
      if (nextAt === undefined) return 'new'
      return nextAt <= Date.now() ? 'due' : 'waiting'
    },
    async handIn(details) {
      const callback = callbackOf(details)
      const { taskId } = callback
      const recorded = await receiver.receive(callback)
      const before = handedIn.get(taskId)
      if (!before || recorded === 'recorded' || recorded === 'dead') emit({ type: 'found', callback, recorded })
      const { since = Date.now(), delay = interval } = before ?? {}
      const isDone = recorded !== 'dead' && (await receiver.has(taskId))
      // Some inboxes cannot show that a hook is done, so there is a limit too.
      if (isDone || Date.now() - since > maxAge) return true
      handedIn.set(taskId, { since, nextAt: Date.now() + delay, delay: delay * 2 })
      return false
    },
    settle(taskId) {
      settled.add(taskId)
      handedIn.delete(taskId)
    },
    forgetAllBut(open) {
      const listed = new Set(open.map((task: OpenTask | null | undefined) => task?.taskId))
      for (const taskId of [...settled, ...handedIn.keys()]) {
        if (listed.has(taskId)) continue
        settled.delete(taskId)
        handedIn.delete(taskId)
      }
    },
  }
}
