import { isLumaError, LumaError } from '@luma-callback/core'

/** What an `ApiError` can be about. The numbers are the provider's own, of the envelope that wraps each answer. */
export type ApiErrorCode =
  /** 401: the key is not right. */
  | 'ERR_LUMA_API_UNAUTHORIZED'
  /** 402: the account has no credits left. */
  | 'ERR_LUMA_API_NO_CREDITS'
  /** 404: there is no such task. */
  | 'ERR_LUMA_API_NOT_FOUND'
  /** 422: what was asked for is not valid. */
  | 'ERR_LUMA_API_INVALID'
  /** 429: asked too often. */
  | 'ERR_LUMA_API_RATE_LIMITED'
  /** 455: under maintenance. */
  | 'ERR_LUMA_API_MAINTENANCE'
  /** 500. */
  | 'ERR_LUMA_API_SERVER'
  /** 501: the generation failed. */
  | 'ERR_LUMA_API_GENERATION_FAILED'
  /** 505: the feature is disabled. */
  | 'ERR_LUMA_API_DISABLED'
  /** Another number. */
  | 'ERR_LUMA_API_OTHER'
  /** No connection, or one that was cut. */
  | 'ERR_LUMA_API_CONNECTION'
  /** No answer in time. */
  | 'ERR_LUMA_API_TIMEOUT'
  /** An answer of another shape than is documented. */
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

export interface ApiErrorOptions extends ErrorOptions {
  code: ApiErrorCode
  retryable: boolean
  /** The envelope's `code`, or the status of HTTP where there was none; undefined if no answer came, or none that could be read. */
  status?: number | undefined
  /** How long the API asks to be left alone, in milliseconds; an hour at most. */
  retryAfter?: number | undefined
  /** Whether the API may have acted on the request. */
  mayHaveActed: boolean
}

/** The API did not do what it was asked. The key is in none of its fields; a `cause` is a copy without it. */
export class ApiError extends LumaError {
  static {
    this.prototype.name = 'ApiError'
  }
  readonly code: ApiErrorCode
  override readonly retryable: boolean
  /** The envelope's `code`, or the status of HTTP where there was none; undefined if no answer came, or none that could be read. */
  readonly status: number | undefined
  /** How long the API asks to be left alone, in milliseconds; an hour at most. */
  readonly retryAfter: number | undefined
  /** Whether the API may have acted on the request: of a task that is paid for, nobody should then submit it again unasked. */
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

/** Whether the API did not do what it was asked, told by another copy of this package too. */
export function isApiError(error: unknown): error is ApiError {
  return isLumaError(error) && error.code.startsWith('ERR_LUMA_API_')
}

/** A task was submitted and could not be noted: its id is here, and nowhere else. Trying again would submit, and pay, twice. */
export class UntrackedError extends LumaError {
  static {
    this.prototype.name = 'UntrackedError'
  }
  readonly code = 'ERR_LUMA_UNTRACKED'
  override readonly retryable = false
  readonly taskId: string

  constructor(taskId: string, options: ErrorOptions) {
    super(`task ${taskId} was submitted, but its id could not be noted; keep it`, options)
    this.taskId = taskId
  }
}

/** Of a number that the API answered with. */
export function refusedBy(what: string, status: number, msg: string, retryAfter: number | undefined): ApiError {
  const [code, retryable] = CODES[status] ?? ['ERR_LUMA_API_OTHER', status >= 500]
  // It says itself that it did not take what it was asked for; only of an error of its own can nobody tell.
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
