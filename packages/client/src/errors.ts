import { isLumaError, LumaError } from '@luma-callback/core'

/** The codes of an `ApiError`. The numbers are the `code` in the envelope of the API's answer. */
export type ApiErrorCode =
  /** 401: the key is wrong. */
  | 'ERR_LUMA_API_UNAUTHORIZED'
  /** 402: the account has no credits left. */
  | 'ERR_LUMA_API_NO_CREDITS'
  /** 404: the task does not exist. */
  | 'ERR_LUMA_API_NOT_FOUND'
  /** 422: the request is invalid. */
  | 'ERR_LUMA_API_INVALID'
  /** 429: too many requests. */
  | 'ERR_LUMA_API_RATE_LIMITED'
  /** 455: under maintenance. */
  | 'ERR_LUMA_API_MAINTENANCE'
  /** 500: an error of the API. */
  | 'ERR_LUMA_API_SERVER'
  /** 501: the generation failed. */
  | 'ERR_LUMA_API_GENERATION_FAILED'
  /** 505: the feature is disabled. */
  | 'ERR_LUMA_API_DISABLED'
  /** Another number. */
  | 'ERR_LUMA_API_OTHER'
  /** No connection, or a connection that broke. */
  | 'ERR_LUMA_API_CONNECTION'
  /** No answer in time. */
  | 'ERR_LUMA_API_TIMEOUT'
  /** The answer does not have the documented shape. */
  | 'ERR_LUMA_API_ANSWER'

const CODES: Readonly<Record<number, readonly [code: ApiErrorCode, retryable: boolean]>> = {
  401: ['ERR_LUMA_API_UNAUTHORIZED', false],
  402: ['ERR_LUMA_API_NO_CREDITS', false],
  404: ['ERR_LUMA_API_NOT_FOUND', false],
  422: ['ERR_LUMA_API_INVALID', false],
  429: ['ERR_LUMA_API_RATE_LIMITED', true],
  455: ['ERR_LUMA_API_MAINTENANCE', true],
  500: ['ERR_LUMA_API_SERVER', true],
  501: ['ERR_LUMA_API_GENERATION_FAILED', false],
  505: ['ERR_LUMA_API_DISABLED', false],
}

/** The fields of a new `ApiError`. */
export interface ApiErrorOptions extends ErrorOptions {
  /** The code of the error, for a `switch`. */
  code: ApiErrorCode
  /** True if the same call may succeed later. */
  retryable: boolean
  /** The envelope's `code`, else the HTTP status; undefined if there was no readable answer. */
  status?: number | undefined
  /** How long the API asks to wait, in milliseconds; an hour at most. */
  retryAfter?: number | undefined
  /** True if the API may have acted on the request. */
  mayHaveActed: boolean
}

/** A call of the API failed. None of the fields holds the key; `cause` is a copy without it. */
export class ApiError extends LumaError {
  static {
    this.prototype.name = 'ApiError'
  }
  readonly code: ApiErrorCode
  override readonly retryable: boolean
  /** The envelope's `code`, else the HTTP status; undefined if there was no readable answer. */
  readonly status: number | undefined
  /** How long the API asks to wait, in milliseconds; an hour at most. */
  readonly retryAfter: number | undefined
  /** True if the API may have acted on the request: submitting the task again may then cost a second time. */
  readonly mayHaveActed: boolean

  constructor(message: string, options: ApiErrorOptions) {
    super(message, options)
    this.code = options.code
    this.retryable = options.retryable
    this.status = options.status
    this.retryAfter = options.retryAfter
    this.mayHaveActed = options.mayHaveActed
  }
}

/** True for an `ApiError`, also one from another copy of this package. */
export function isApiError(error: unknown): error is ApiError {
  return isLumaError(error) && error.code.startsWith('ERR_LUMA_API_')
}

/** A task was submitted but could not be added to `tasks`. Only this error has its id. A retry would submit and pay twice. */
export class UntrackedError extends LumaError {
  static {
    this.prototype.name = 'UntrackedError'
  }
  readonly code = 'ERR_LUMA_UNTRACKED'
  override readonly retryable = false
  readonly taskId: string

  constructor(taskId: string, options: ErrorOptions) {
    super(`task ${taskId} was submitted, but its id could not be stored; keep it yourself`, options)
    this.taskId = taskId
  }
}

/** The error for a `code` of the API other than 200. */
export function refusedBy(what: string, status: number, msg: string, retryAfter: number | undefined): ApiError {
  const [code, retryable] = CODES[status] ?? ['ERR_LUMA_API_OTHER', status >= 500]
  // Below 500, and with 505, the API refused the request. With another 5xx it may have acted before it failed.
  const mayHaveActed = status >= 500 && status !== 505
  const said = msg === '' ? '' : `: ${msg}`
  return new ApiError(`${what}: the API answered ${status}${said}`, {
    code,
    retryable,
    status,
    retryAfter,
    mayHaveActed,
  })
}
