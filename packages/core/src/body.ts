import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import getRawBody from 'raw-body'
import { CLOSE_CONNECTION, KEEP_CONNECTION, Refusal } from './answers.ts'
import type { Clock } from './clock.ts'
import { singleHeader, type LumaRequest } from './request.ts'

export interface BodyLimits {
  /** Bytes. */
  limit: number
  /** Milliseconds for the whole body: one byte now and then does not extend it. */
  timeout: number
  clock: Clock
}

/**
 * Refuses by its headers what need not be read: another type, a compressed body (a few hundred bytes
 * can inflate to gigabytes), more bytes than the limit.
 */
export function checkBodyHeaders(headers: LumaRequest['headers'], limit: number): void {
  if (!isJsonType(headers['content-type'])) {
    throw new Refusal('unsupported_media_type', 'send the callback as Content-Type: application/json in UTF-8')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (typeof encoding !== 'string' || encoding.trim().toLowerCase() !== 'identity') {
    throw new Refusal('unsupported_media_type', 'send the callback without Content-Encoding')
  }
  if (Number(singleHeader(headers, 'content-length') ?? 0) > limit) throw tooLarge(limit)
}

function isJsonType(value: LumaRequest['headers'][string]): boolean {
  if (typeof value !== 'string') return false
  const [type, ...parameters] = value.split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  return type === 'application/json' && (charset === undefined || /^charset="?utf-?8"?$/.test(charset))
}

/**
 * The body's text, in whatever state the request is in: an unread stream is read within its limits,
 * else what a parser before us left is taken. Always settles.
 *
 * @throws Refusal `body_too_large`, `body_timeout` or `invalid_json`.
 */
export function readBody(request: LumaRequest, limits: BodyLimits): Promise<string> {
  const { stream } = request
  return stream && !stream.readableDidRead ? readStream(stream, request, limits) : takeParsed(request, limits)
}

async function takeParsed({ rawBody, body }: LumaRequest, { limit }: BodyLimits): Promise<string> {
  const parsed = rawBody ?? body
  if (parsed === undefined || parsed === null) {
    throw invalid('a parser ran before the receiver and left no body; mount the receiver before it')
  }
  const bytes = toBytes(parsed)
  if (bytes.length > limit) throw tooLarge(limit)
  return decode(bytes)
}

/** raw-body by its callback and one promise around it: each further turn of promises costs here for every request. */
function readStream(
  stream: Readable,
  { headers }: LumaRequest,
  { limit, timeout, clock }: BodyLimits,
): Promise<string> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) return reject(aborted())
    const timer = clock.setTimeout(() => fail(timedOut(timeout)), timeout)
    function fail(refusal: Refusal): void {
      clock.clearTimeout(timer)
      stream.pause()
      reject(refusal)
    }
    getRawBody(stream, { limit, length: singleHeader(headers, 'content-length') ?? null }, (error, bytes) => {
      if (error) return fail(toRefusal(error, limit))
      clock.clearTimeout(timer)
      try {
        resolve(decode(bytes))
      } catch (refusal) {
        reject(refusal)
      }
    })
  })
}

/** Milliseconds for whoever still sends what was refused to read the refusal. */
const LINGER = 2_000

/**
 * Drops what still comes of a body that was refused, and cuts the connection if there is no end of it. Closed at once, as
 * the answer is out, the connection would be reset, and take the answer with it (RFC 9112, section 9.6).
 */
export function dropRest({ stream }: LumaRequest, clock: Clock): void {
  if (!stream || stream.destroyed || stream.readableEnded) return
  const timer = clock.setTimeout(() => stream.destroy(), LINGER)
  stream.once('close', () => clock.clearTimeout(timer))
  stream.resume()
}

function toBytes(parsed: unknown): Buffer {
  if (Buffer.isBuffer(parsed)) return parsed
  if (parsed instanceof Uint8Array) return Buffer.from(parsed.buffer, parsed.byteOffset, parsed.byteLength)
  if (typeof parsed === 'string') return Buffer.from(parsed)
  return Buffer.from(stringify(parsed))
}

/** A parsed body goes the same way as a read one, so that nothing can pass here that could not pass there. */
function stringify(parsed: unknown): string {
  try {
    return JSON.stringify(parsed) ?? ''
  } catch {
    // Nesting beyond the stack's end, or a value that JSON cannot hold.
    throw invalid('the body that a parser before the receiver left cannot be written as JSON')
  }
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw invalid('the body is not valid UTF-8')
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', hasMark ? 3 : 0)
}

/** raw-body tells its errors apart by `type`. */
function toRefusal(error: unknown, limit: number): Refusal {
  const type = error instanceof Error && 'type' in error ? error.type : undefined
  switch (type) {
    case 'entity.too.large':
      return tooLarge(limit)
    case 'request.aborted':
      return aborted()
    case 'request.size.invalid':
      return invalid('the body is not as long as its Content-Length says')
    case 'stream.encoding.set':
    case 'stream.not.readable':
      return invalid(
        'something before the receiver has read the body or changed its encoding; mount the receiver before it',
      )
    default:
      return invalid('the body could not be read')
  }
}

function tooLarge(limit: number): Refusal {
  return new Refusal('body_too_large', `the body is larger than ${limit} bytes`, { headers: KEEP_CONNECTION })
}

function timedOut(timeout: number): Refusal {
  return new Refusal('body_timeout', `the body did not arrive within ${timeout} ms`, { headers: CLOSE_CONNECTION })
}

/** Nobody is left to read this answer; it ends the handling like any other. */
function aborted(): Refusal {
  return new Refusal('invalid_json', 'the connection was closed before the body was complete', {
    headers: CLOSE_CONNECTION,
  })
}

function invalid(message: string): Refusal {
  return new Refusal('invalid_json', message)
}
