import { readRetryAfter } from '@luma-callback/core/internal'
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { offeredBy } from '../target/checksums.ts'
import { DownloadError } from '../errors.ts'
import type { Source } from '../target/target.ts'

/** What the answer brings, compared with the bytes that we have. */
export type Verdict =
  /** The whole file, from its first byte. */
  | { is: 'whole'; source: Source; isFramed: boolean }
  /** The next bytes, up to `end`, of `total`. */
  | { is: 'rest'; end: number; total: number }
  /** Nothing: we have all bytes. */
  | { is: 'complete' }
  /** The file has changed, or the server cannot continue at our position. */
  | { is: 'changed' }

/** The headers that ask for the rest of a file. Without bytes or without a validator there are none: it asks for the whole. */
export function rangeHeaders(source: Source | undefined, received: number): Record<string, string> {
  if (received === 0 || source?.validator === undefined) return {}
  return { range: `bytes=${received}-`, 'if-range': source.validator }
}

/** A digest of a link without its query, which changes with each new link to the same file. */
export function identityOf({ origin, pathname }: URL): string {
  return hash('sha256', `${origin}${pathname}`, 'hex')
}

/**
 * True if the download of this source can resume at this URL. A new link may lead to another place. There the strong ETag and
 * the length must match, which the answer shows; a modification time proves nothing about another place.
 */
export function canResume(source: Source, url: URL): boolean {
  return source.identity === identityOf(url) || (isStrong(source.validator) && source.total !== undefined)
}

/**
 * Compares an answer with the request for it.
 *
 * @param asked - `source` is set if a range was requested.
 * @throws DownloadError if the answer has no usable body.
 */
export function judge(
  answer: IncomingMessage,
  asked: { url: URL; shown: string; source?: Source; received: number },
): Verdict {
  const { url, shown, source, received } = asked
  const { statusCode: status = 0, headers } = answer
  // A range of unknown total length (`*`) does not match: the end of the file could not be checked.
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(headers['content-range'] ?? '')
  const [, first, last, total] = (range ?? []).map(Number) as (number | undefined)[]
  const isSame =
    source !== undefined &&
    total !== undefined &&
    (source.total === undefined || total === source.total) &&
    isSameVersion(headers, source, url)
  switch (status) {
    case 200: {
      refuseEncoded(headers, shown)
      return { is: 'whole', source: describe(headers, url), isFramed: isFramed(headers) }
    }
    case 206: {
      refuseEncoded(headers, shown)
      const isNext = first === received && last !== undefined && last >= received
      if (!isSame || !isNext || last >= total) return { is: 'changed' }
      return { is: 'rest', end: last + 1, total }
    }
    case 416:
      return { is: isSame && total === received ? 'complete' : 'changed' }
    default:
      throw statusError(status, headers['retry-after'], shown)
  }
}

/** Compares the validator that we sent. An answer that does not repeat it counts as a match only at the same place. */
function isSameVersion(headers: IncomingHttpHeaders, source: Source, url: URL): boolean {
  const now = isStrong(source.validator) ? headers.etag : headers['last-modified']
  return now === undefined ? source.identity === identityOf(url) : now === source.validator
}

function isStrong(validator: string | undefined): boolean {
  return validator !== undefined && /^"[^"]*"$/.test(validator)
}

function describe(headers: IncomingHttpHeaders, url: URL): Source {
  const length = headers['content-length']
  return {
    identity: identityOf(url),
    validator: isStrong(headers.etag) ? headers.etag : headers['last-modified'],
    total: length === undefined ? undefined : Number(length),
    checksums: offeredBy(headers),
  }
}

/** True if the headers define where the body ends, so that a truncated body is detected. */
function isFramed(headers: IncomingHttpHeaders): boolean {
  // With any other final coding the body ends when the connection closes (RFC 9112, 6.3).
  return headers['content-length'] !== undefined || /(?:^|,)\s*chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
}

function refuseEncoded(headers: IncomingHttpHeaders, shown: string): void {
  const codings = `${headers['content-encoding'] ?? ''},${headers['transfer-encoding'] ?? ''}`
  // Node decodes chunks, but it does not decompress.
  if (codings.split(',').every((coding) => /^\s*(?:identity|chunked)?\s*$/i.test(coding))) return
  const message = `${shown}: the answer is compressed, although the request did not allow it`
  throw new DownloadError('ERR_LUMA_DOWNLOAD_CONTENT', message, { retryable: true })
}

const EXPIRED = new Set([403, 404, 410])
/** Timeout, too early, too many requests: the server says to try later. */
const PASSING = new Set([408, 425, 429])

function statusError(status: number, retryAfter: string | undefined, shown: string): DownloadError {
  if (EXPIRED.has(status)) {
    const message = `${shown}: answered ${status}; the link has expired, or the file never existed`
    return new DownloadError('ERR_LUMA_DOWNLOAD_EXPIRED', message, { retryable: false, status })
  }
  const retryable = PASSING.has(status) || status >= 500
  return new DownloadError('ERR_LUMA_DOWNLOAD_STATUS', `${shown}: answered ${status}`, {
    retryable,
    status,
    retryAfter: retryable ? readRetryAfter(retryAfter) : undefined,
  })
}
