import { isUtf8 } from 'node:buffer'
import { Refusal } from '../errors/refusal.ts'
import { collect, type BodyLimits } from './body-collect.ts'
import { isMarked, leftBody, toBytes, type Left } from './body-left.ts'
import { aborted, invalid, tooLarge } from './body-refusals.ts'
import { attempt, isEventful, isMethod, propertyOf, toSource, type Source } from './body-source.ts'
import type { Clock } from '../internal/clock.ts'
import { singleHeader, type LumaRequest } from './request.ts'

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
 * The body's text, in whatever state the request is in. A stream that can still give the whole body is read within its
 * limits; else what a parser before the receiver left is taken. Always settles.
 *
 * @throws Refusal `body_too_large`, `body_timeout` or `invalid_json`.
 */
export function readBody(request: LumaRequest, limits: BodyLimits): Promise<string> {
  const source = sourceOf(request)
  if (source && isReadFirst(source, request)) return readSource(source, request, limits)
  return takeLeft(source, request, limits)
}

/** Users who have a `Request` may hand over its stream as `body`. */
function sourceOf(request: LumaRequest): Source | undefined {
  return toSource(request.stream, request.headers) ?? toSource(propertyOf(request, 'body'), request.headers)
}

/**
 * A stream that is sure to bring the body goes before a body beside it, which was not made from the stream: middlewares
 * keep defaults and ids there.
 */
function isReadFirst({ state, isSure }: Source, request: LumaRequest): boolean {
  return state === 'unread' && isSure && !isMarked(request)
}

async function takeLeft(source: Source | undefined, request: LumaRequest, limits: BodyLimits): Promise<string> {
  const left = leftBody(request)
  if (left?.isUsable) return textOf(left, limits)
  if (source?.state === 'unread' || source?.state === 'put back') return readSource(source, request, limits)
  if (source?.state === 'cut off') throw aborted()
  return textOf(left, limits)
}

function textOf(left: Left | undefined, { limit }: BodyLimits): string {
  if (!left) throw invalid('a parser ran before the receiver and left no body; mount the receiver before it')
  const bytes = bytesOf(left)
  if (bytes.length > limit) throw tooLarge(limit)
  return decode(bytes)
}

function bytesOf({ value }: Left): Buffer {
  try {
    return toBytes(value)
  } catch {
    // Nesting beyond the stack's end, or a value that JSON cannot hold.
    throw invalid('the body that a parser before the receiver left cannot be written as JSON')
  }
}

function readSource(source: Source, request: LumaRequest, limits: BodyLimits): Promise<string> {
  return collect(source, limits, (bytes) => {
    const left = bytes.length === 0 ? leftBody(request) : undefined
    if (left?.isUsable) return textOf(left, limits)
    const length = singleHeader(request.headers, 'content-length')
    const isShort = length !== undefined && /^\d+$/.test(length) && Number(length) !== bytes.length
    if (source.state === 'put back') return wholeText(bytes, isShort)
    if (isShort) throw invalid('the body is not as long as its Content-Length says')
    return decode(bytes)
  })
}

/** Without a Content-Length, only the JSON can tell whether all that was read was put back. */
function wholeText(bytes: Buffer, isShort: boolean): string {
  const text = decode(bytes)
  if (!isShort && isJson(text)) return text
  throw invalid(
    'something before the receiver has read the body and put back only a part of it; mount the receiver before it',
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Milliseconds for a sender that still sends a refused body to read the refusal. */
const LINGER = 2_000

/**
 * Drops what still comes of a body that was refused, and cuts the connection if there is no end of it. Closed at once, as
 * the answer is out, the connection would be reset, and take the answer with it (RFC 9112, section 9.6).
 */
export function dropRest({ stream }: LumaRequest, clock: Clock): void {
  if (typeof stream !== 'object' || stream === null) return
  if (!isEventful(stream)) return attempt(stream, 'cancel')
  if (stream.destroyed || stream.readableEnded || !isMethod(stream, 'pipe')) return
  const timer = clock.setTimeout(() => attempt(stream, 'destroy'), LINGER)
  // It is of no interest any more how the rest ends, and an error without a listener would end the process.
  stream.on('error', () => {})
  stream.on('close', () => clock.clearTimeout(timer))
  attempt(stream, 'resume')
}

function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw invalid('the body is not valid UTF-8')
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return bytes.toString('utf8', hasMark ? 3 : 0)
}
