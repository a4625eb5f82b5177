import { types } from 'node:util'
import { isLumaError } from './is-luma-error.ts'
import { LumaError } from './luma-error.ts'

/** Too many callbacks wait in this process, by their number or their bytes. The provider must send it again. */
export class BusyError extends LumaError {
  static {
    this.prototype.name = 'BusyError'
  }
  readonly code = 'ERR_LUMA_BUSY'
}

/** The receiver is closed, so it did not do what it was asked. */
export class ClosedError extends LumaError {
  static {
    this.prototype.name = 'ClosedError'
  }
  readonly code = 'ERR_LUMA_CLOSED'
}

/** `trust` rejected a callback. Its hook did not run, and will not run with this content. */
export class ForgedError extends LumaError {
  static {
    this.prototype.name = 'ForgedError'
  }
  readonly code = 'ERR_LUMA_FORGED'
  override readonly retryable = false
}

/** A hook threw or rejected; the reason is its `cause`. */
export class HookFailedError extends LumaError {
  static {
    this.prototype.name = 'HookFailedError'
  }
  readonly code = 'ERR_LUMA_HOOK_FAILED'
}

/** A hook did not settle within `hookTimeout`; its signal was aborted and the attempt counts as failed. */
export class HookTimeoutError extends LumaError {
  static {
    this.prototype.name = 'HookTimeoutError'
  }
  readonly code = 'ERR_LUMA_HOOK_TIMEOUT'
}

/** An inbox's file cannot be used as it is; the message says why and what to do. */
export class InboxFileError extends LumaError {
  static {
    this.prototype.name = 'InboxFileError'
  }
  readonly code = 'ERR_LUMA_INBOX_FILE'
}

/** The same callback is being handled elsewhere, and its outcome is not known yet. */
export class InProgressError extends LumaError {
  static {
    this.prototype.name = 'InProgressError'
  }
  readonly code = 'ERR_LUMA_IN_PROGRESS'
}

/** A text is not a callback of the provider; the message names the problem and the field. */
export class InvalidCallbackError extends LumaError {
  static {
    this.prototype.name = 'InvalidCallbackError'
  }
  readonly code = 'ERR_LUMA_INVALID_CALLBACK'
  /** `json` if the text could not be read at all, `callback` if it is JSON of another shape. */
  readonly reason: 'json' | 'callback'

  constructor(reason: 'json' | 'callback', message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** The store gave a running hook's claim to another process; the hook's signal was aborted. */
export class LeaseLostError extends LumaError {
  static {
    this.prototype.name = 'LeaseLostError'
  }
  readonly code = 'ERR_LUMA_LEASE_LOST'
}

/** A feature needs a later version of Node; the message names the version. */
export class NodeVersionError extends LumaError {
  static {
    this.prototype.name = 'NodeVersionError'
  }
  readonly code = 'ERR_LUMA_NODE_VERSION'
  override readonly retryable = false
}

/** The callback of a failure arrived, and there is no `onFailure`. */
export class NoHookError extends LumaError {
  static {
    this.prototype.name = 'NoHookError'
  }
  readonly code = 'ERR_LUMA_NO_HOOK'
}

/** The `secret` function gave no usable secret for a request, so the signature cannot be verified. */
export class NoSecretError extends LumaError {
  static {
    this.prototype.name = 'NoSecretError'
  }
  readonly code = 'ERR_LUMA_NO_SECRET'
}

/**
 * A body is the callback of another API, such as Market or Veo, so it says nothing about a Luma modify task. Give the tasks
 * of that API another `callBackUrl`.
 */
export class OtherFamilyError extends LumaError {
  static {
    this.prototype.name = 'OtherFamilyError'
  }
  readonly code = 'ERR_LUMA_OTHER_FAMILY'
  override readonly retryable = false
  /** A short name of the API: `market`, `veo`, `suno-wav`. */
  readonly family: string
  /** The id of that API's task, if the body names one. */
  readonly taskId: string | undefined

  constructor({ name, title }: { name: string; title: string }, taskId: string | undefined) {
    super(
      `this is a callback of ${title} (${name}), and this receiver takes Luma modify results only: give the tasks of that API another callBackUrl`,
    )
    this.family = name
    this.taskId = taskId
  }
}

/** The inbox or dedupe store failed or did not answer in time; its own error is the `cause`. */
export class StoreUnavailableError extends LumaError {
  static {
    this.prototype.name = 'StoreUnavailableError'
  }
  readonly code = 'ERR_LUMA_STORE_UNAVAILABLE'
}

/** `trust` cannot confirm a callback now; it is asked again. */
export class UnconfirmedError extends LumaError {
  static {
    this.prototype.name = 'UnconfirmedError'
  }
  readonly code = 'ERR_LUMA_UNCONFIRMED'
}

/** The callback of a task did not arrive within the timeout. */
export class WaitTimeoutError extends LumaError {
  static {
    this.prototype.name = 'WaitTimeoutError'
  }
  readonly code = 'ERR_LUMA_WAIT_TIMEOUT'
}

/**
 * Thrown by a hook if a retry cannot help: a callback that was answered 200 is then dead at once.
 *
 * @example
 * ```ts
 * import { lumaCallback, UnrecoverableError } from '@luma-callback/express'
 *
 * lumaCallback(({ query }) => { if (!query.ref) throw new UnrecoverableError('the task has no order') })
 * ```
 */
export class UnrecoverableError extends LumaError {
  static {
    this.prototype.name = 'UnrecoverableError'
  }
  readonly code = 'ERR_LUMA_UNRECOVERABLE'
  override readonly retryable = false
}

/** True if the error says that a retry cannot help. */
export function isUnrecoverable(error: Error): boolean {
  return isLumaError(error) && !error.retryable
}

/**
 * Turns any thrown value into an Error with a readable name and message. Hooks may throw strings, null, or objects whose
 * properties throw.
 */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error || types.isNativeError(thrown)) return isReadable(thrown) ? thrown : unreadable()
    if (isErrorLike(thrown)) return thrown
    return new Error(`something other than an Error was thrown: ${textOf(thrown)}`, { cause: thrown })
  } catch {
    return unreadable()
  }
}

function isReadable({ name, message }: Error): boolean {
  return typeof name === 'string' && typeof message === 'string'
}

/**
 * True for an error of another realm, such as a DOMException in Jest. `instanceof` knows the classes of one realm only, and Jest
 * runs the code under test in its own realm.
 */
function isErrorLike(thrown: unknown): thrown is Error {
  if (typeof thrown !== 'object' || thrown === null) return false
  const { name, message, stack } = thrown as Partial<Record<keyof Error, unknown>>
  return typeof name === 'string' && typeof message === 'string' && typeof stack === 'string'
}

function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  const json = JSON.stringify(thrown) ?? String(thrown)
  // JSON leaves out what an object inherits, and what is not enumerable.
  const { message } = Object(thrown) as { message?: unknown }
  return json === '{}' && typeof message === 'string' && message !== '' ? message : json
}

/** It has no cause, because printing the cause would throw again. */
function unreadable(): Error {
  return new Error('something was thrown that cannot be read: its name or message throws, or is no text')
}
