import { isLumaError, LumaError } from '@luma-callback/core'

/** The codes of a `DownloadError`. */
export type DownloadErrorCode =
  /** The network failed: connection broken or refused, unknown host. */
  | 'ERR_LUMA_DOWNLOAD_CONNECTION'
  /** The content is not a video, or it is compressed. */
  | 'ERR_LUMA_DOWNLOAD_CONTENT'
  /** The checksum differs from that of the server or from `sha256`. */
  | 'ERR_LUMA_DOWNLOAD_CHECKSUM'
  /** 403, 404 or 410: the URL has expired or never existed. */
  | 'ERR_LUMA_DOWNLOAD_EXPIRED'
  /** The file is incomplete, or cannot be checked for it. */
  | 'ERR_LUMA_DOWNLOAD_LENGTH'
  /** The URL or its address is not allowed. */
  | 'ERR_LUMA_DOWNLOAD_REFUSED'
  /** The server answered with an unexpected status. */
  | 'ERR_LUMA_DOWNLOAD_STATUS'
  /** The directory or the sink failed. */
  | 'ERR_LUMA_DOWNLOAD_TARGET'
  /** One of the timeouts. */
  | 'ERR_LUMA_DOWNLOAD_TIMEOUT'
  /** More than `maxBytes`. */
  | 'ERR_LUMA_DOWNLOAD_TOO_LARGE'

/** The fields of a new `DownloadError`. */
export interface DownloadErrorOptions extends ErrorOptions {
  /** True if another try may succeed. */
  retryable: boolean
  /** The status of the answer, if there was one. */
  status?: number | undefined
  /** How long the server asks to wait, in milliseconds. */
  retryAfter?: number | undefined
}

/** Errors that last: a full disk, or a page instead of the video. A retry a second later does not help. */
const LASTING: ReadonlySet<DownloadErrorCode> = new Set(['ERR_LUMA_DOWNLOAD_CONTENT', 'ERR_LUMA_DOWNLOAD_TARGET'])

/**
 * A result could not be saved. Rethrow it from a hook: if `retryable` is false the callback is dead at once, else the hook is
 * retried.
 */
export class DownloadError extends LumaError {
  static {
    this.prototype.name = 'DownloadError'
  }
  readonly code: DownloadErrorCode
  override readonly retryable: boolean
  /** The status of the answer, if there was one. */
  readonly status: number | undefined
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(code: DownloadErrorCode, message: string, options: DownloadErrorOptions) {
    super(message, options)
    this.code = code
    this.retryable = options.retryable
    this.status = options.status
    this.retryAfter = options.retryAfter
  }

  /**
   * True if the download was only interrupted, so that another attempt soon may finish it. False if something must be fixed
   * first, or if it needs a longer wait.
   */
  get isInterruption(): boolean {
    return this.retryable && !LASTING.has(this.code)
  }
}

/** True for a `DownloadError`, also one from another copy of this package. */
export function isDownloadError(error: unknown): error is DownloadError {
  return isLumaError(error) && error.code.startsWith('ERR_LUMA_DOWNLOAD_')
}

/** Errors after which the bytes on disk are useless to a later run: wrong content, too large, or a target that failed. */
const SPOILT: ReadonlySet<DownloadErrorCode> = new Set([
  'ERR_LUMA_DOWNLOAD_CHECKSUM',
  'ERR_LUMA_DOWNLOAD_CONTENT',
  'ERR_LUMA_DOWNLOAD_TARGET',
  'ERR_LUMA_DOWNLOAD_TOO_LARGE',
])

/** True if the received bytes must be discarded. After other errors, such as an expired link, a later run can resume. */
export function isSpoilt(error: unknown): boolean {
  return isDownloadError(error) && SPOILT.has(error.code)
}

/** The error for a URL or an address that is not allowed. A retry does not help. */
export function refused(message: string, options?: ErrorOptions): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_REFUSED', message, { ...options, retryable: false })
}

/** An error of the network. */
export function connectionError(message: string, options?: ErrorOptions): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_CONNECTION', message, { ...options, retryable: true })
}

/** An error of the disk or the sink. It is retryable: a full disk may have room later. */
export function targetError(message: string, options?: ErrorOptions): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_TARGET', message, { ...options, retryable: true })
}

/** The path of one of our files is taken, for example by a link, which could redirect our reads and writes elsewhere. */
export function notAFile(path: string): DownloadError {
  const message = `${path} is not a regular file; remove it`
  return new DownloadError('ERR_LUMA_DOWNLOAD_TARGET', message, { retryable: false })
}

export function timeoutError(message: string): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_TIMEOUT', message, { retryable: true })
}
