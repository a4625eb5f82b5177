import { AsyncResource } from 'node:async_hooks'
import type { LumaCallback } from '../callback/parse.ts'
import { HookTimeoutError, toError } from '../errors/errors.ts'
import type { Clock, Timer } from '../internal/clock.ts'
import { onAbort } from '../internal/on-abort.ts'
import { deferred } from '../internal/promises.ts'
import type { CallHook } from './call-hook.ts'
import { unconfirmed, type Confirm } from './confirm.ts'
import type { DeliverOptions } from './hooks.ts'
import type { Overdue } from './overdue.ts'

/** What all runs of one receiver share. */
export interface RunParts {
  callHook: CallHook
  confirm: Confirm | undefined
  /** Milliseconds. */
  hookTimeout: number
  overdue: Overdue
  clock: Clock
}

/** One run of a hook: it settles once, whatever the hook does, and ignores what the hook does after that. */
export class HookRun {
  readonly #callback: LumaCallback
  readonly #attempt: number
  readonly #parts: RunParts
  readonly #result = deferred<void>()
  readonly #controller = new AbortController()
  readonly #ignoreAbort: () => void
  #timer: Timer | undefined
  #hasBegun = false
  /** Settles with the hook itself, which may be later than the run. */
  #hook: Promise<void> | undefined

  constructor(callback: LumaCallback, { attempt, signal }: DeliverOptions, parts: RunParts) {
    this.#callback = callback
    this.#attempt = attempt
    this.#parts = parts
    // Without this, the listener and the hook's own listeners would run in the async context of the code that aborts.
    this.#ignoreAbort = onAbort(
      signal,
      AsyncResource.bind(() => this.#giveUp(toError(signal.reason))),
    )
  }

  /** Begins, once a run of this callback that was given up has ended too, or has had `hookTimeout` again to do so. */
  start(): Promise<void> {
    const before = this.#parts.overdue.get(this.#callback.key)
    if (!before) {
      this.#begin()
    } else {
      void before.then(() => this.#begin())
      this.#whenTimeIsUp(() => this.#begin())
    }
    return this.#result.promise
  }

  #begin(): void {
    if (this.#hasBegun || this.#controller.signal.aborted) return
    this.#hasBegun = true
    const { confirm, hookTimeout } = this.#parts
    const late = confirm ? unconfirmed : timedOut
    this.#whenTimeIsUp(() => this.#giveUp(late(this.#callback, hookTimeout)))
    try {
      const result = confirm ? this.#callConfirmed(confirm) : this.#call(this.#callback)
      if (result) result.then(() => this.#succeed(), this.#fail)
      else this.#succeed()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** However long `trust` took, the hook has its whole time. */
  async #callConfirmed(confirm: Confirm): Promise<unknown> {
    const truth = await confirm(this.#callback, this.#controller.signal)
    const { hookTimeout } = this.#parts
    this.#whenTimeIsUp(() => this.#giveUp(timedOut(this.#callback, hookTimeout)))
    return this.#call(truth)
  }

  /** Undefined if the hook is done when it returns, which then needs no further turn. */
  #call(truth: LumaCallback): Promise<unknown> | undefined {
    const context = { attempt: this.#attempt, signal: this.#controller.signal, key: this.#callback.key }
    const returned = this.#parts.callHook(truth, context)
    // Whatever looks like a promise is waited for, as `await` would.
    if (!canBeThenable(returned)) return undefined
    // Looked at once: there are thenables, such as query builders, that do their work at each `then`.
    const promise = Promise.resolve(returned)
    this.#hook = promise.then(ignore, ignore)
    return promise
  }

  #giveUp(reason: Error): void {
    this.#fail(reason)
    if (this.#hook) this.#parts.overdue.add(this.#callback.key, this.#hook)
    this.#controller.abort(reason)
  }

  #succeed(): void {
    this.#end()
    this.#result.resolve()
  }

  readonly #fail = (thrown: unknown): void => {
    this.#end()
    this.#result.reject(toError(thrown))
  }

  #end(): void {
    this.#parts.clock.clearTimeout(this.#timer)
    this.#ignoreAbort()
  }

  #whenTimeIsUp(act: () => void): void {
    const { clock, hookTimeout } = this.#parts
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(act, hookTimeout)
    // A server that is open keeps the process alive; a hook that hangs should not.
    this.#timer.unref?.()
  }
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
