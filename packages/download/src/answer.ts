import { readRetryAfter } from '@luma-callback/core'
import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { offeredBy } from './checksums.ts'
import { DownloadError } from './errors.ts'
import type { Source } from './target.ts'

/** What an answer means for what we have. */
export type Verdict =
  /** The file from its first byte. */
  | { is: 'whole'; source: Source }
  /** What is missing of it. */
  | { is: 'rest' }
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
 * @param source - Of what we have, if a range was asked for.
 * @throws DownloadError for every answer that brings nothing.
 */
export function judge(
  answer: IncomingMessage,
  asked: { url: URL; shown: string; source?: Source; received: number },
): Verdict {
  const { url, shown, source, received } = asked
  const { statusCode: status = 0, headers } = answer
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers['content-range'] ?? '')
  const total = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2])
  switch (status) {
    case 200: {
      refuseEncoded(headers['content-encoding'], shown)
      return { is: 'whole', source: describe(answer, url) }
    }
    case 206: {
      refuseEncoded(headers['content-encoding'], shown)
      const isSame =
        source !== undefined &&
        Number(range?.[1]) === received &&
        (source.total === undefined || total === source.total) &&
        (headers.etag === undefined || !source.validator?.startsWith('"') || headers.etag === source.validator)
      return { is: isSame ? 'rest' : 'changed' }
    }
    case 416:
      return { is: source !== undefined && total === received ? 'complete' : 'changed' }
    default:
      throw statusError(status, headers['retry-after'], shown)
  }
}

function describe({ headers }: IncomingMessage, url: URL): Source {
  const isStrong = /^"[^"]*"$/.test(headers.etag ?? '')
  const length = headers['content-length']
  return {
    identity: identityOf(url),
    validator: isStrong ? headers.etag : headers['last-modified'],
    total: length === undefined ? undefined : Number(length),
    checksums: offeredBy(headers),
  }
}

function refuseEncoded(encoding: string | undefined, shown: string): void {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return
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
