import type { LumaError } from './luma-error.ts'

/** Every `code` that an error of one of our packages can carry. */
export type LumaErrorCode =
  // @luma-callback/core, and the packages that are built on its classes
  | 'ERR_LUMA_BUSY'
  | 'ERR_LUMA_CLOSED'
  | 'ERR_LUMA_FORGED'
  | 'ERR_LUMA_HOOK_FAILED'
  | 'ERR_LUMA_HOOK_TIMEOUT'
  | 'ERR_LUMA_INBOX_FILE'
  | 'ERR_LUMA_IN_PROGRESS'
  | 'ERR_LUMA_INVALID_CALLBACK'
  | 'ERR_LUMA_LEASE_LOST'
  | 'ERR_LUMA_NODE_VERSION'
  | 'ERR_LUMA_NO_HOOK'
  | 'ERR_LUMA_NO_SECRET'
  | 'ERR_LUMA_OTHER_FAMILY'
  | 'ERR_LUMA_STORE_UNAVAILABLE'
  | 'ERR_LUMA_UNCONFIRMED'
  | 'ERR_LUMA_UNRECOVERABLE'
  | 'ERR_LUMA_WAIT_TIMEOUT'
  // @luma-callback/client
  | 'ERR_LUMA_API_ANSWER'
  | 'ERR_LUMA_API_CONNECTION'
  | 'ERR_LUMA_API_DISABLED'
  | 'ERR_LUMA_API_GENERATION_FAILED'
  | 'ERR_LUMA_API_INVALID'
  | 'ERR_LUMA_API_MAINTENANCE'
  | 'ERR_LUMA_API_NOT_FOUND'
  | 'ERR_LUMA_API_NO_CREDITS'
  | 'ERR_LUMA_API_OTHER'
  | 'ERR_LUMA_API_RATE_LIMITED'
  | 'ERR_LUMA_API_SERVER'
  | 'ERR_LUMA_API_TIMEOUT'
  | 'ERR_LUMA_API_UNAUTHORIZED'
  | 'ERR_LUMA_UNTRACKED'
  // @luma-callback/download
  | 'ERR_LUMA_DOWNLOAD_CHECKSUM'
  | 'ERR_LUMA_DOWNLOAD_CONNECTION'
  | 'ERR_LUMA_DOWNLOAD_CONTENT'
  | 'ERR_LUMA_DOWNLOAD_EXPIRED'
  | 'ERR_LUMA_DOWNLOAD_LENGTH'
  | 'ERR_LUMA_DOWNLOAD_REFUSED'
  | 'ERR_LUMA_DOWNLOAD_STATUS'
  | 'ERR_LUMA_DOWNLOAD_TARGET'
  | 'ERR_LUMA_DOWNLOAD_TIMEOUT'
  | 'ERR_LUMA_DOWNLOAD_TOO_LARGE'
  // @luma-callback/testing
  | 'ERR_LUMA_NO_ANSWER'

/** What errors have besides `code` and `retryable`, by their code. Core cannot name the classes of the other packages. */
interface Fields {
  ERR_LUMA_INVALID_CALLBACK: { readonly reason: 'json' | 'callback' }
  ERR_LUMA_OTHER_FAMILY: { readonly family: string; readonly taskId: string | undefined }
  ERR_LUMA_UNTRACKED: { readonly taskId: string }
}

/** What an answer said. */
interface OfAnswer {
  readonly status: number | undefined
  /** Milliseconds. */
  readonly retryAfter: number | undefined
}

type FieldsOf<Code> = Code extends keyof Fields
  ? Fields[Code]
  : Code extends `ERR_LUMA_API_${string}`
    ? OfAnswer & { readonly mayHaveActed: boolean }
    : Code extends `ERR_LUMA_DOWNLOAD_${string}`
      ? OfAnswer & { readonly isInterruption: boolean }
      : unknown

/** An error of ours that carries one of these codes, with the fields that go with it. */
export type LumaErrorOf<Code extends LumaErrorCode = LumaErrorCode> = Code extends LumaErrorCode
  ? LumaError & { readonly code: Code } & FieldsOf<Code>
  : never
