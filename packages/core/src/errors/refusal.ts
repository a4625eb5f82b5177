/** The reasons for refusing a callback: the `error` in the answer's body, with its status. */
const STATUS = {
  invalid_json: 400,
  invalid_callback: 400,
  other_family: 400,
  unverified: 401,
  method_not_allowed: 405,
  body_timeout: 408,
  body_too_large: 413,
  unsupported_media_type: 415,
  hook_failed: 500,
  store_unavailable: 503,
  in_progress: 503,
  busy: 503,
  closing: 503,
} as const

/** Why a callback was not accepted: the `error` in the body of the answer, and the `reason` of a `rejected` event. */
export type RefusalReason = keyof typeof STATUS

/**
 * Ends the handling of a request with an answer other than 200. The message goes to the provider's log, so it says what to do
 * and has no secrets. `detail` is for our own events only.
 */
export class Refusal extends Error {
  readonly reason: RefusalReason
  readonly detail: string | undefined
  /** The API that sent it, for the reason `other_family`. */
  readonly family: string | undefined
  readonly headers: Record<string, string>

  constructor(
    reason: RefusalReason,
    message: string,
    extra: { detail?: string; family?: string; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.reason = reason
    this.detail = extra.detail
    this.family = extra.family
    this.headers = extra.headers ?? {}
  }

  get status(): number {
    return STATUS[this.reason]
  }
}

/** Closes the connection, so that the unread rest of a body is not read as the next request. */
export const CLOSE_CONNECTION: Record<string, string> = { connection: 'close' }

/** Keeps the connection explicitly, because Node would close it if the sender asked for that; see `dropRest`. */
export const KEEP_CONNECTION: Record<string, string> = { connection: 'keep-alive' }
