import { readRetryAfter } from '@luma-callback/core/internal'
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { offeredBy } from '../target/checksums.ts'
import { DownloadError } from '../errors.ts'
import type { Source } from '../target/target.ts'

/** What an answer means for what we have. */
export type Verdict =
  /** The file from its first byte. */
  | { is: 'whole'; source: Source; isFramed: boolean }
  /** What is missing of it, or some of that: up to `end`, of `total`. */
  | { is: 'rest'; end: number; total: number }
  /** We had all of it. */
  | { is: 'complete' }
  /** The file is another one now, or this server cannot go on where we are. */
  | { is: 'changed' }

/** What a request for the rest asks for. Nothing to go on with, no validator: the whole file. */
export function rangeHeaders(source: Source | undefined, received: number): Record<string, string> {
  if (received === 0 || source?.validator === undefined) return {}
  return { range: `bytes=${received}-`, 'if-range': source.validator }
}

/** A link's place, without what changes with each link to it. */
export function identityOf({ origin, pathname }: URL): string {
  return hash('sha256', `${origin}${pathname}`, 'hex')
}

/**
 * Whether a server may be asked to go on with what came of this source. A fresh link may lead to another place: there a
 * strong ETag and the length have to agree, which its answer shows. The time of a change says nothing of another place.
 */
export function mayGoOn(source: Source, url: URL): boolean {
  return source.identity === identityOf(url) || (isStrong(source.validator) && source.total !== undefined)
}

/**
 * @param source - Of what we have, if a range was asked for.
 * @throws DownloadError for every answer that brings nothing.
 */
export function judge(
  answer: IncomingMessage,
  asked: { url: URL; shown: string; source?: Source; received: number },
): Verdict {
  const { url, shown, source, received } = asked
  const { statusCode: status = 0, headers } = answer
  // Of a length that it does not tell, nobody could say whether what came is all.
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

/** By what we asked with. What an answer does not repeat is only taken as said where the file was before. */
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

/** Whether the body's own form shows where it ends, so that one that is cut is told from a whole one. */
function isFramed(headers: IncomingHttpHeaders): boolean {
  // Any other coding at the end goes on until the connection is closed (RFC 9112, 6.3).
  return headers['content-length'] !== undefined || /(?:^|,)\s*chunked\s*$/i.test(headers['transfer-encoding'] ?? '')
}

function refuseEncoded(headers: IncomingHttpHeaders, shown: string): void {
  const codings = `${headers['content-encoding'] ?? ''},${headers['transfer-encoding'] ?? ''}`
  // Chunks are taken out by Node; what is compressed on the way is not, nor is what the server has so.
  if (codings.split(',').every((coding) => /^\s*(?:identity|chunked)?\s*$/i.test(coding))) return
  const message = `${shown}: it came compressed, though it was asked for as it is`
  throw new DownloadError('ERR_LUMA_DOWNLOAD_CONTENT', message, { retryable: true })
}

const EXPIRED = new Set([403, 404, 410])
/** Too early, too many, not ready: the server itself says later. */
const PASSING = new Set([408, 425, 429])

function statusError(status: number, retryAfter: string | undefined, shown: string): DownloadError {
  if (EXPIRED.has(status)) {
    const message = `${shown}: answered ${status}; the link has expired, or there never was such a file`
    return new DownloadError('ERR_LUMA_DOWNLOAD_EXPIRED', message, { retryable: false, status })
  }
  const retryable = PASSING.has(status) || status >= 500
  return new DownloadError('ERR_LUMA_DOWNLOAD_STATUS', `${shown}: answered ${status}`, {
    retryable,
    status,
    retryAfter: retryable ? readRetryAfter(retryAfter) : undefined,
  })
}
