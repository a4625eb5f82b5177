import { types } from 'node:util'
import { isMethod, propertyOf } from './body-source.ts'
import type { LumaRequest } from './request.ts'

/**
 * What a parser before the receiver left of the body. It is in `rawBody` or `body` of the framework's request, or of the
 * stream: that is Node's own request, where a host below the framework leaves it.
 */
export interface Left {
  value: unknown
  /** Whether it holds anything: `{}`, which parsers leave for another content type, does not. */
  isUsable: boolean
}

/** The first value that holds something; if none does, the first value. */
export function leftBody(request: LumaRequest): Left | undefined {
  let empty: Left | undefined
  for (const holder of ['rawBody', 'body'] as const) {
    for (const owner of [request, request.stream]) {
      const value = propertyOf(owner, holder)
      if (holds(value)) return { value, isUsable: true }
      if (value !== undefined && value !== null) empty ??= { value, isUsable: false }
    }
  }
  return empty
}

/** Parsers mark a request whose body they have read. */
export function isMarked({ stream }: LumaRequest): boolean {
  return propertyOf(stream, '_body') === true
}

function holds(value: unknown): boolean {
  if (typeof value === 'string') return value !== ''
  if (typeof value !== 'object' || value === null) return false
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return value.byteLength > 0
  try {
    return Array.isArray(value) || (!isToBeRead(value) && Object.keys(value).length > 0)
  } catch {
    return false
  }
}

/** Streams, promises and the like are no body yet. */
function isToBeRead(value: object): boolean {
  return ['on', 'then', 'getReader', Symbol.asyncIterator].some((name) => isMethod(value, name))
}

/**
 * The bytes of the body that a parser left. A parsed body is written as JSON again, so that nothing can pass here that could not pass
 * as bytes.
 *
 * @throws whatever the value throws while it is written.
 */
export function toBytes(value: unknown): Buffer {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value)
  if (typeof value === 'string') return Buffer.from(value, isBase64(value) ? 'base64' : 'utf8')
  return Buffer.from(JSON.stringify(value) ?? '')
}

/** Hosts of functions hand over binary bodies as base64. No JSON object can be mistaken for it: it has braces. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
}
