import type { LumaCallback } from '../callback/parse.ts'
import { toError, UnconfirmedError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import type { Emit } from '../events/events.ts'
import type { Trust } from './trust.ts'

/** The callback as `trust` knows it, under the key that it came by. */
export type Confirm = (callback: LumaCallback, signal: AbortSignal) => Promise<LumaCallback>

/**
 * Asks `trust` before a hook runs.
 *
 * @throws ForgedError if it rejects the callback; UnconfirmedError if it cannot tell now, so that the run is tried again.
 */
export function createConfirm(trust: Trust, emit: Emit): Confirm {
  return async (callback, signal) => {
    try {
      const truth = await trust.confirm(callback, { signal })
      signal.throwIfAborted()
      return { ...truth, key: callback.key }
    } catch (error) {
      const isForged = isLumaError(error, 'ERR_LUMA_FORGED')
      if (isForged && !signal.aborted) emit({ type: 'forged', callback, error })
      if (isForged || isLumaError(error, 'ERR_LUMA_UNCONFIRMED')) throw error
      // By its code an inbox remembers that the true callback may still come; see isUnborne.
      throw new UnconfirmedError(`nobody could tell whether ${named(callback)} is true: ${toError(error).message}`, {
        cause: error,
      })
    }
  }
}

export function unconfirmed(callback: LumaCallback, hookTimeout: number): UnconfirmedError {
  return new UnconfirmedError(`nobody could tell within ${hookTimeout} ms whether ${named(callback)} is true`)
}

function named({ taskId, outcome }: LumaCallback): string {
  return `the ${outcome} of task ${taskId}`
}
