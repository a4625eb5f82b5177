import { createHash, type Hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { DownloadError } from './errors.ts'

/** Digests that a file must have, in hexadecimal. */
export interface Checksums {
  sha256?: string | undefined
  md5?: string | undefined
}

/** What has been read so far. */
export interface Digester {
  update(chunk: Buffer): void
  /** The SHA-256 in hexadecimal, once all has been read. Throws a DownloadError if it is another file than it should be. */
  finish(expected: Checksums, shown: string): string
}

/** MD5 costs as much again, and is counted only where somebody offers one to compare it with. */
export function createDigester(withMd5: boolean): Digester {
  const sha256 = createHash('sha256')
  const md5: Hash | undefined = withMd5 ? createHash('md5') : undefined
  return {
    update(chunk) {
      sha256.update(chunk)
      md5?.update(chunk)
    },
    finish(expected, shown) {
      const digests = { sha256: sha256.digest('hex'), md5: md5?.digest('hex') }
      for (const name of ['sha256', 'md5'] as const) {
        const [is, should] = [digests[name], expected[name]]
        if (is === undefined || should === undefined || is === should) continue
        const message = `${shown}: its ${name} is ${is} and should be ${should}; it was damaged on the way, or is another file`
        throw new DownloadError('ERR_LUMA_DOWNLOAD_CHECKSUM', message, { retryable: true })
      }
      return digests.sha256
    },
  }
}

/**
 * The checksums that a whole answer offers: Repr-Digest and Content-Digest (RFC 9530), Digest (RFC 3230), Content-MD5
 * (RFC 1864), those of S3 and of Google Cloud Storage.
 */
export function offeredBy(headers: IncomingHttpHeaders): Checksums {
  const text = (name: string): string => [headers[name] ?? []].flat().join(',')
  const lists = ['repr-digest', 'digest', 'content-digest'].map(text)
  const named = (name: string): string | undefined =>
    lists.map((list) => memberOf(list, name)).find((value) => value !== undefined)
  return {
    sha256: toHex(named('sha-256'), 32) ?? toHex(text('x-amz-checksum-sha256'), 32),
    md5: toHex(named('md5'), 16) ?? toHex(memberOf(text('x-goog-hash'), 'md5'), 16) ?? toHex(text('content-md5'), 16),
  }
}

/** `sha-256=:…:` or `SHA-256=…` of a list with commas. */
function memberOf(list: string, name: string): string | undefined {
  for (const member of list.split(',')) {
    const [, key = '', value = ''] = /^\s*([\w-]+)=:?([A-Za-z0-9+/]+=*):?\s*$/.exec(member) ?? []
    if (key.toLowerCase() === name) return value
  }
  return undefined
}

/** What is not as long as such a digest is something else: S3 gives one of the parts' digests, with their number. */
function toHex(base64: string | undefined, length: number): string | undefined {
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.length === length ? bytes.toString('hex') : undefined
}
