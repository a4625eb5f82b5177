import { toError } from '../errors/errors.ts'
import type { Emit } from '../events/events.ts'
import type { Clock } from '../internal/clock.ts'
import { createCallHook } from './call-hook.ts'
import { createConfirm } from './confirm.ts'
import { HookRun, type RunParts } from './hook-run.ts'
import type { Deliver, FailureHook, SuccessHook } from './hooks.ts'
import { createOverdue } from './overdue.ts'
import type { Trust } from './trust.ts'

interface DeliverParts {
  onSuccess: SuccessHook
  onFailure: FailureHook | undefined
  trust: Trust | undefined
  /** Milliseconds. */
  hookTimeout: number
  emit: Emit
  clock: Clock
}

/**
 * The one place where hooks are run. However a hook fails (by throwing at once, rejecting, throwing something
 * that is no Error, never settling), what comes out is one rejection with an Error; what it does after it
 * was given up is ignored, but that the next run for the same callback waits for its end, for another `hookTimeout`.
 */
export function createDeliver({ onSuccess, onFailure, trust, hookTimeout, emit, clock }: DeliverParts): Deliver {
  const parts: RunParts = {
    callHook: createCallHook({ onSuccess, onFailure, emit }),
    confirm: trust && createConfirm(trust, emit),
    hookTimeout,
    overdue: createOverdue(),
    clock,
  }
  return (callback, options) => {
    if (options.signal.aborted) return Promise.reject(toError(options.signal.reason))
    return new HookRun(callback, options, parts).start()
  }
}
