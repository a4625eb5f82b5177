import { readEnvelope } from '../callback/envelope.ts'
import type { LumaRequest } from '../request/request.ts'
import { hasSignatureShape } from '../verify/signature.ts'

/** Larger bodies are not parsed only to see what they are. */
const LONGEST = 256 * 1024

/** `unknown`: no signature is required, there are no signature headers, and the body is not read yet. */
export type Likeness = 'callback' | 'other' | 'unknown'

/**
 * Whether a request is a callback, as far as that can be seen without reading its body: by the signature's headers, or by
 * what a parser left.
 */
export function likeness(request: LumaRequest, isSigned: boolean): Likeness {
  const { method, headers, stream } = request
  if (method !== 'POST') return 'other'
  if (hasSignatureShape(headers)) return 'callback'
  if (isSigned) return 'other'
  if (holdsCallback(request)) return 'callback'
  if (!stream || ('readableDidRead' in stream && stream.readableDidRead)) return 'other'
  return String(headers['content-type']).toLowerCase().includes('json') ? 'unknown' : 'other'
}

function holdsCallback(request: LumaRequest): boolean {
  try {
    // A host may parse the body in a getter, which throws for a body that is not JSON.
    const left = request.rawBody ?? request.body
    if (left === undefined || left === null) return false
    const text = typeof left === 'string' || Buffer.isBuffer(left) ? left.toString() : JSON.stringify(left)
    if (text.length > LONGEST) return false
    readEnvelope(text)
    return true
  } catch {
    return false
  }
}
