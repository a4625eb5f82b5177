import type { RefusalReason } from '../errors/refusal.ts'
import type { LumaCallback } from '../callback/parse.ts'
import { toError } from '../errors/errors.ts'
import { printable } from '../internal/printable.ts'

/** Everything notable, in one union; narrow on `type`. */
export type LumaEvent =
  /** A callback passed every check. */
  | { type: 'received'; callback: LumaCallback }
  /**
   * A request was answered with something else than 200. `detail` is the reason where the answer must not say it, `address`
   * the client's, if it is known. `family` names the API whose callback it was, for the reason `other_family`; `taskId` is then
   * that API's. What the store or the hook did is told by an event of its own, `error` or `retrying`.
   */
  | {
      type: 'rejected'
      status: number
      /** `error`: something that is not the request's fault was thrown, and the framework answers, as a rule with 500. */
      reason: RefusalReason | 'error'
      message: string
      detail?: string
      family?: string
      taskId?: string
      address?: string
    }
  /** The callback was here before and is not handled again. */
  | { type: 'duplicate'; callback: LumaCallback }
  /** The key was here before with another content. This one is not handled; `first` is the earlier body, if it is still known. */
  | { type: 'conflict'; callback: LumaCallback; first: string | undefined; address?: string }
  /** `trust` rejected the callback. No hook runs for it, and `dead` follows. */
  | { type: 'forged'; callback: LumaCallback; error: Error }
  /** The hook is done. `duration` in milliseconds. */
  | { type: 'delivered'; callback: LumaCallback; attempt: number; duration: number }
  /** The hook failed and will be run again: in `delay` milliseconds by us, or when the provider sends once more. */
  | { type: 'retrying'; callback: LumaCallback; attempt: number; error: Error; by: 'inbox'; delay: number }
  | { type: 'retrying'; callback: LumaCallback; attempt: number; error: Error; by: 'provider' }
  /** The hook failed for good, of a callback that was answered 200. */
  | { type: 'dead'; callback: LumaCallback; attempt: number; error: Error }
  /** A delivery that a crash or a lost lease had cut off was taken up again. */
  | { type: 'recovered'; callback: LumaCallback; attempt: number }
  /** The inbox or the dedupe store works again, `duration` milliseconds after it first failed. */
  | { type: 'restored'; store: 'inbox' | 'dedupe'; duration: number }
  /** Something of our own, the store's or the observer's went wrong. */
  | { type: 'error'; error: Error; taskId?: string }

/** The option `observe`: a function that is called with each event. What it returns is not used. */
export type Observer = (event: LumaEvent) => unknown

/** Hands an event to the user's observer. Never throws, whatever the observer does. */
export type Emit = (event: LumaEvent) => void

/** Of an observer that may throw, or reject later: makes what hands events to it and does neither. */
export function createEmit<Event>(observe: (event: Event) => unknown): (event: Event) => void {
  function complain(error: unknown): void {
    console.error(`luma-callback: the function given as "observe" failed: ${printable(toError(error).message)}`)
  }
  return (event) => {
    try {
      const result = observe(event)
      // Anything that looks like a promise: an unhandled rejection would end the process.
      if (typeof result === 'object' && result !== null && 'then' in result) Promise.resolve(result).catch(complain)
    } catch (error) {
      complain(error)
    }
  }
}
