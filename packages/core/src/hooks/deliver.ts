import { AsyncResource } from 'node:async_hooks'
import type { LumaCallback, LumaFailure, LumaSuccess } from '../callback/parse.ts'
import type { Clock, Timer } from '../internal/clock.ts'
import { ForgedError, HookTimeoutError, NoHookError, toError, UnconfirmedError } from '../errors/errors.ts'
import type { Emit } from '../events/events.ts'
import { onAbort } from '../internal/on-abort.ts'
import { createOverdue } from './overdue.ts'
import type { Trust } from './trust.ts'

/**
 * Runs the hook for a callback, once. Resolves when the hook is done, and only then may an inbox write it
 * down as done. Rejects with what the hook threw; `UnrecoverableError` means that trying again is useless.
 */
export type Deliver = (callback: LumaCallback, run: DeliverOptions) => Promise<void>

export interface DeliverOptions {
  /** Counted from 1. */
  attempt: number
  /** Aborts when the run must stop: its lease was lost, or the inbox closes. */
  signal: AbortSignal
}

/** What a hook is told about its run. */
export interface HookContext {
  /** Which run this is, counted from 1. */
  attempt: number
  /** Aborts when the run is given up: `hookTimeout` passed, the claim was lost, or the receiver closes. Hand it on to `fetch` and the like. */
  signal: AbortSignal
  /** The callback's key: the same in every run, so good as an idempotency key towards other systems. */
  key: string
}

export type SuccessHook = (callback: LumaSuccess, context: HookContext) => unknown
export type FailureHook = (callback: LumaFailure, context: HookContext) => unknown

interface Hooks {
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
export function createDeliver({ onSuccess, onFailure, trust, hookTimeout, emit, clock }: Hooks): Deliver {
  const overdue = createOverdue()

  function runHook(callback: LumaCallback, context: HookContext): unknown {
    if (callback.outcome === 'success') return onSuccess(callback, context)
    if (onFailure) return onFailure(callback, context)
    const { taskId, code, reason } = callback
    const what = reason === 'no_result' ? 'succeeded without a result' : `failed with code ${code}`
    const error = new NoHookError(`task ${taskId} ${what} and there is no onFailure to handle it; give one`)
    emit({ type: 'error', error, taskId })
    return undefined
  }

  /** What is not borne out never gets to a hook; what is, gets there as it is in truth, under the key that it came by. */
  async function confirmed(by: Trust, callback: LumaCallback, signal: AbortSignal): Promise<LumaCallback> {
    try {
      const truth = await by.confirm(callback, { signal })
      signal.throwIfAborted()
      return { ...truth, key: callback.key }
    } catch (error) {
      if (error instanceof ForgedError && !signal.aborted) emit({ type: 'forged', callback, error })
      if (error instanceof ForgedError || error instanceof UnconfirmedError) throw error
      // Under its name an inbox remembers that this may be the true one yet; see isUnborne.
      throw new UnconfirmedError(`nobody could tell whether ${named(callback)} is true: ${toError(error).message}`, {
        cause: error,
      })
    }
  }

  return (callback, { attempt, signal }: DeliverOptions) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(toError(signal.reason))
      const { key } = callback
      const controller = new AbortController()
      let atWork: Promise<void> | undefined
      let hasBegun = false
      let timer: Timer | undefined
      // A listener would run in the context of whoever aborts, and so would what the hook has put on its own signal.
      const ignoreAbort = onAbort(
        signal,
        AsyncResource.bind(() => giveUp(toError(signal.reason))),
      )

      function whenTimeIsUp(act: () => void): void {
        clock.clearTimeout(timer)
        timer = clock.setTimeout(act, hookTimeout)
        // A server that is open keeps the process alive; a hook that hangs should not.
        timer.unref?.()
      }
      function settle(): void {
        clock.clearTimeout(timer)
        ignoreAbort()
      }
      function succeed(): void {
        settle()
        resolve()
      }
      function fail(thrown: unknown): void {
        settle()
        reject(toError(thrown))
      }
      function giveUp(reason: Error): void {
        fail(reason)
        if (atWork) overdue.add(key, atWork)
        controller.abort(reason)
      }

      /** However long somebody had to be waited for who knows: the hook has its whole time. */
      async function runTrusted(by: Trust, context: HookContext): Promise<unknown> {
        const truth = await confirmed(by, callback, controller.signal)
        whenTimeIsUp(() => giveUp(timedOut(callback, hookTimeout)))
        return start(truth, context)
      }
      function start(truth: LumaCallback, context: HookContext): Promise<unknown> | undefined {
        const result = runHook(truth, context)
        // Whatever looks like a promise is waited for, as `await` would; what is not needs no further turn.
        if (!canBeThenable(result)) return undefined
        // Looked at once: there are thenables, such as query builders, that do their work at each `then`.
        const promise = Promise.resolve(result)
        atWork = promise.then(ignore, ignore)
        return promise
      }

      function begin(): void {
        if (hasBegun || controller.signal.aborted) return
        hasBegun = true
        whenTimeIsUp(() => giveUp(trust ? unconfirmed(callback, hookTimeout) : timedOut(callback, hookTimeout)))
        try {
          const context = { attempt, signal: controller.signal, key }
          const result = trust ? runTrusted(trust, context) : start(callback, context)
          if (result) result.then(succeed, fail)
          else succeed()
        } catch (error) {
          fail(error)
        }
      }

      const before = overdue.get(key)
      if (!before) return begin()
      void before.then(begin)
      // One that is not over by then never will be.
      whenTimeIsUp(begin)
    })
}

function canBeThenable(result: unknown): result is object {
  return (typeof result === 'object' && result !== null) || typeof result === 'function'
}

function ignore(): void {}

function timedOut({ taskId, outcome }: LumaCallback, hookTimeout: number): HookTimeoutError {
  return new HookTimeoutError(
    `the ${outcome} hook for task ${taskId} did not finish within ${hookTimeout} ms; let it end when context.signal aborts, or raise hookTimeout`,
  )
}

function unconfirmed(callback: LumaCallback, hookTimeout: number): UnconfirmedError {
  return new UnconfirmedError(`nobody could tell within ${hookTimeout} ms whether ${named(callback)} is true`)
}

function named({ taskId, outcome }: LumaCallback): string {
  return `the ${outcome} of task ${taskId}`
}
