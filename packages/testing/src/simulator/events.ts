import { toError } from '@luma-callback/core'
import type { SimulatorDelivery } from './deliveries.ts'
import type { SimulatorTask } from './task.ts'

/** Everything notable that a simulator does, in one union; narrow on `type`. */
export type SimulatorEvent =
  /** A task was taken. */
  | { type: 'submitted'; task: SimulatorTask }
  /** An API call was answered with another `code` than 200. */
  | { type: 'refused'; method: string; path: string; code: number; msg: string }
  /** A task is finished, as `task.state` says. */
  | { type: 'generated'; task: SimulatorTask }
  /** A callback was answered 200. */
  | { type: 'delivered'; delivery: SimulatorDelivery }
  /** A callback failed and is sent again in `delay` milliseconds. */
  | { type: 'retrying'; delivery: SimulatorDelivery; delay: number }
  /** A callback failed and is not sent again: it was the last retry, or one beyond the first 200. */
  | { type: 'undelivered'; delivery: SimulatorDelivery }
  /** A link to a result file was given. */
  | { type: 'linked'; url: string; link: string }
  /** A result file was asked for. `cut` is one that was broken off on purpose; `bytes` are those of its body. */
  | {
      type: 'file'
      method: string
      path: string
      status: number
      result: 'served' | 'cut' | 'expired' | 'missing' | 'refused'
      bytes: number
    }

/** Hands an event to the user's observer. Never throws, whatever the observer does. */
export type Emit = (event: SimulatorEvent) => void

export function createEmit(observe: ((event: SimulatorEvent) => unknown) | undefined): Emit {
  function complain(error: unknown): void {
    console.error(`simulator: the function given as "observe" failed: ${toError(error).message}`)
  }
  return (event) => {
    try {
      const result = observe?.(event)
      // A promise of another realm or library is one too, and its rejection ends the process if it is not caught.
      if (typeof result === 'object' && result !== null && 'then' in result) Promise.resolve(result).catch(complain)
    } catch (error) {
      complain(error)
    }
  }
}
