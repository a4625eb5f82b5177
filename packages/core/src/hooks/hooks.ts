import type { LumaCallback, LumaFailure, LumaSuccess } from '../callback/parse.ts'

/**
 * Runs the hook for a callback, once. Resolves when the hook is done, and only then may an inbox write it
 * down as done. Rejects with what the hook threw; `UnrecoverableError` means that trying again is useless.
 */
export type Deliver = (callback: LumaCallback, run: DeliverOptions) => Promise<void>

/** What an inbox says about one run of a hook. */
export interface DeliverOptions {
  /** The number of this run, counted from 1. */
  attempt: number
  /** Aborts when the run must stop: another process has taken its lease, or the inbox closes. */
  signal: AbortSignal
}

/** What a hook is told about its run. */
export interface HookContext {
  /** Which run this is, counted from 1. */
  attempt: number
  /** Aborts when the run is given up: `hookTimeout` passed, another process took the claim, or the receiver closes. Hand it on to `fetch` and the like. */
  signal: AbortSignal
  /** The callback's key: the same in every run, so good as an idempotency key towards other systems. */
  key: string
}

/** The option `onSuccess`: runs for a task that succeeded. If it throws or rejects, it runs again later. */
export type SuccessHook = (callback: LumaSuccess, context: HookContext) => unknown
/** The option `onFailure`: runs for a task that failed. If it throws or rejects, it runs again later. */
export type FailureHook = (callback: LumaFailure, context: HookContext) => unknown
