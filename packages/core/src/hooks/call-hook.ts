import type { LumaCallback } from '../callback/parse.ts'
import { NoHookError } from '../errors/errors.ts'
import type { Emit } from '../events/events.ts'
import type { FailureHook, HookContext, SuccessHook } from './hooks.ts'

/** Calls the hook that a callback's outcome asks for, and gives what it returned. */
export type CallHook = (callback: LumaCallback, context: HookContext) => unknown

interface CallHookParts {
  onSuccess: SuccessHook
  onFailure: FailureHook | undefined
  emit: Emit
}

export function createCallHook({ onSuccess, onFailure, emit }: CallHookParts): CallHook {
  return (callback, context) => {
    if (callback.outcome === 'success') return onSuccess(callback, context)
    if (onFailure) return onFailure(callback, context)
    const { taskId, code, reason } = callback
    const what = reason === 'no_result' ? 'succeeded without a result' : `failed with code ${code}`
    const error = new NoHookError(`task ${taskId} ${what} and there is no onFailure to handle it; give one`)
    emit({ type: 'error', error, taskId })
    return undefined
  }
}
