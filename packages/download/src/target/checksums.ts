import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { crc32c } from './crc32c.ts'
import { DownloadError } from '../errors.ts'

/** The supported digests, with their lengths in bytes. */
const LENGTHS = { sha256: 32, sha512: 64, md5: 16, crc32c: 4 } as const

type Algorithm = keyof typeof LENGTHS
const ALGORITHMS = Object.keys(LENGTHS) as Algorithm[]

/** Digests that a file must have, in hexadecimal. */
export type Checksums = { [Name in Algorithm]?: string | undefined }

/** Computes the digests of a file. */
export interface Digester {
  update(chunk: Buffer): void
  /** Gives the SHA-256 in hexadecimal after the last chunk. Throws a DownloadError if a digest differs from the expected one. */
  finish(expected: Checksums, shown: string): string
}

interface Count {
  update(chunk: Buffer): void
  digest(): string
}

/** Computes SHA-256 and the offered digests, but no others, because each costs as much again. */
export function createDigester(offered: Checksums): Digester {
  const counts = ALGORITHMS.filter((name) => name === 'sha256' || offered[name] !== undefined).map(
    (name) => [name, countOf(name)] as const,
  )
  return {
    update(chunk) {
      for (const [, count] of counts) count.update(chunk)
    },
    finish(expected, shown) {
      let sha256 = ''
      for (const [name, count] of counts) {
        const [is, should] = [count.digest(), expected[name]]
        if (name === 'sha256') sha256 = is
        if (should === undefined || is === should) continue
        const message = `${shown}: its ${name} is ${is} instead of ${should}; the file is damaged, or it is another file`
        throw new DownloadError('ERR_LUMA_DOWNLOAD_CHECKSUM', message, { retryable: true })
      }
      return sha256
    },
  }
}

function countOf(name: Algorithm): Count {
  if (name !== 'crc32c') {
    const hash = createHash(name)
    return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest('hex') }
  }
  let crc = 0
  return {
    update(chunk) {
      crc = crc32c(chunk, crc)
    },
    digest: () => crc.toString(16).padStart(LENGTHS.crc32c * 2, '0'),
  }
}

/**
 * Reads the checksums in the headers of a whole answer: SHA-256, SHA-512 and MD5 from Repr-Digest and Content-Digest (RFC 9530)
 * and Digest (RFC 3230), Content-MD5 (RFC 1864), SHA-256 from S3, and MD5 and CRC-32C from Google Cloud Storage.
 */
export function offeredBy(headers: IncomingHttpHeaders): Checksums {
  const text = (name: string): string => [headers[name] ?? []].flat().join(',')
  const listed = ['repr-digest', 'digest', 'content-digest'].map((name) => membersOf(text(name)))
  const named = (name: string): (string | undefined)[] => listed.map((members) => members.get(name))
  const google = membersOf(text('x-goog-hash'))
  const texts: Record<Algorithm, (string | undefined)[]> = {
    sha256: [...named('sha-256'), text('x-amz-checksum-sha256')],
    sha512: named('sha-512'),
    md5: [...named('md5'), google.get('md5'), text('content-md5')],
    crc32c: [google.get('crc32c')],
  }
  const offered: Checksums = {}
  for (const name of ALGORITHMS) {
    const [first] = texts[name].flatMap((base64) => toHex(base64, LENGTHS[name]) ?? [])
    if (first !== undefined) offered[name] = first
  }
  return offered
}

/** Parses a comma-separated list of `sha-256=:…:`, with or without parameters, or `SHA-256=…`. */
function membersOf(list: string): Map<string, string> {
  const members = new Map<string, string>()
  for (const member of list.split(',')) {
    const [, key = '', value = ''] = /^\s*([\w-]+)=:?([A-Za-z0-9+/]+=*):?\s*(?:;.*)?$/.exec(member) ?? []
    if (key !== '') members.set(key.toLowerCase(), value)
  }
  return members
}

/** Ignores values of another length. S3, for example, can send a digest of the digests of its parts, with their count. */
function toHex(base64: string | undefined, length: number): string | undefined {
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.length === length ? bytes.toString('hex') : undefined
}
