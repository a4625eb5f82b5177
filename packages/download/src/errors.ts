import { isLumaError, LumaError } from '@luma-callback/core'

/** What a `DownloadError` can be about. */
export type DownloadErrorCode =
  /** Cut off, refused, unknown host: the network. */
  | 'ERR_LUMA_DOWNLOAD_CONNECTION'
  /** The content is not what it claims to be: no video, or encoded. */
  | 'ERR_LUMA_DOWNLOAD_CONTENT'
  /** Another checksum than the server, or you, said. */
  | 'ERR_LUMA_DOWNLOAD_CHECKSUM'
  /** 403, 404 or 410: the URL has expired, or never was. */
  | 'ERR_LUMA_DOWNLOAD_EXPIRED'
  /** Not complete, or nobody can tell. */
  | 'ERR_LUMA_DOWNLOAD_LENGTH'
  /** A URL or an address that must not be asked. */
  | 'ERR_LUMA_DOWNLOAD_REFUSED'
  /** The server answered with another status than it should. */
  | 'ERR_LUMA_DOWNLOAD_STATUS'
  /** The directory or the sink did not take it. */
  | 'ERR_LUMA_DOWNLOAD_TARGET'
  /** One of the timeouts. */
  | 'ERR_LUMA_DOWNLOAD_TIMEOUT'
  /** More than `maxBytes`. */
  | 'ERR_LUMA_DOWNLOAD_TOO_LARGE'

export interface DownloadErrorOptions extends ErrorOptions {
  /** Whether it may go otherwise the next time. */
  retryable: boolean
  /** The status of the answer, if there was one. */
  status?: number | undefined
  /** How long the server asks to be left alone, in milliseconds. */
  retryAfter?: number | undefined
}

/** A full disk, or a page in place of a video: not gone a second later. */
const MENDED_ELSEWHERE: ReadonlySet<DownloadErrorCode> = new Set([
  'ERR_LUMA_DOWNLOAD_CONTENT',
  'ERR_LUMA_DOWNLOAD_TARGET',
])

/**
 * A result could not be saved. Rethrow it from a hook: what cannot succeed the next time either makes the callback dead
 * at once, all else is retried.
 */
export class DownloadError extends LumaError {
  static {
    this.prototype.name = 'DownloadError'
  }
  readonly code: DownloadErrorCode
  override readonly retryable: boolean
  /** The status of the answer, if there was one. */
  readonly status: number | undefined
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfter: number | undefined

  constructor(code: DownloadErrorCode, message: string, options: DownloadErrorOptions) {
    super(message, options)
    this.code = code
    this.retryable = options.retryable
    this.status = options.status
    this.retryAfter = options.retryAfter
  }

  /**
   * Whether it was only interrupted: what has come is worth going on with, and another attempt soon may do. Else somebody
   * has to mend something, or to wait longer.
   */
  get isInterruption(): boolean {
    return this.retryable && !MENDED_ELSEWHERE.has(this.code)
  }
}

/** Whether a result could not be saved, told by another copy of this package too. */
export function isDownloadError(error: unknown): error is DownloadError {
  return isLumaError(error) && error.code.startsWith('ERR_LUMA_DOWNLOAD_')
}

/** What came is wrong, too much, or not to be had on this disk: nothing of it is of use to a later run. */
const SPOILT: ReadonlySet<DownloadErrorCode> = new Set([
  'ERR_LUMA_DOWNLOAD_CHECKSUM',
  'ERR_LUMA_DOWNLOAD_CONTENT',
  'ERR_LUMA_DOWNLOAD_TARGET',
  'ERR_LUMA_DOWNLOAD_TOO_LARGE',
])

/** Whether what has come is to be thrown away. After all else, also a link that has expired, it can be gone on with. */
export function isSpoilt(error: unknown): boolean {
  return isDownloadError(error) && SPOILT.has(error.code)
}

/** Why a URL or an address was not asked. Trying again does not help. */
export function refused(message: string, options?: ErrorOptions): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_REFUSED', message, { ...options, retryable: false })
}

/** What the network did. */
export function connectionError(message: string, options?: ErrorOptions): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_CONNECTION', message, { ...options, retryable: true })
}

/** What the disk or the sink did: a full disk may have room the next time. */
export function targetError(message: string, options?: ErrorOptions): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_TARGET', message, { ...options, retryable: true })
}

/** Something that is not a file is where one of ours goes: whoever put it there wanted us to write, or read, elsewhere. */
export function noFile(path: string): DownloadError {
  const message = `${path} is there and is no file; take it away`
  return new DownloadError('ERR_LUMA_DOWNLOAD_TARGET', message, { retryable: false })
}

export function timeoutError(message: string): DownloadError {
  return new DownloadError('ERR_LUMA_DOWNLOAD_TIMEOUT', message, { retryable: true })
}
