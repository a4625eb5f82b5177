import { createHmac, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../errors/refusal.ts'
import type { LumaRequest } from '../request/request.ts'

/** What the provider's two signature headers hold, their shape checked. */
export interface Signature {
  /** Unix seconds, digits only, as they were sent. */
  timestamp: string
  /** 44 characters of base64. */
  signature: string
}

/** The signed text: task id and time. The body is not signed. */
export interface Signed {
  taskId: string
  /** Unix seconds. */
  timestamp: string | number
  /** The account's `webhookHmacKey`. */
  secret: string
}

/**
 * The provider's signature: `base64(HMAC-SHA256(secret, taskId + "." + timestamp))`, as its page
 * https://docs.kie.ai/common-api/webhook-verification says.
 */
export function sign({ taskId, timestamp, secret }: Signed): string {
  return createHmac('sha256', secret).update(`${taskId}.${timestamp}`).digest('base64')
}

const TIMESTAMP = /^[0-9]{1,12}$/
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/

/** Whether a request brings both signature headers in their right shape, valid or not. */
export function hasSignatureShape(headers: LumaRequest['headers']): boolean {
  const timestamp = headers['x-webhook-timestamp']
  const signature = headers['x-webhook-signature']
  if (typeof timestamp !== 'string' || typeof signature !== 'string') return false
  return TIMESTAMP.test(timestamp) && SIGNATURE.test(signature)
}

/**
 * Reads the signature headers, before any of the body is. The timestamp has to be digits only: a task id
 * may hold dots, and the last dot of what is signed must be the one that parts them.
 *
 * @throws Refusal `unverified` if one is missing, was sent twice, is misshapen, or the time is off.
 */
export function readSignature(headers: LumaRequest['headers'], window: { tolerance: number; now: number }): Signature {
  const timestamp = headers['x-webhook-timestamp']
  const signature = headers['x-webhook-signature']
  if (timestamp === undefined || signature === undefined) throw unverified('a signature header is missing')
  // Node joins a header that was sent twice with a comma, which neither shape allows.
  if (typeof timestamp !== 'string' || !TIMESTAMP.test(timestamp)) {
    throw unverified('X-Webhook-Timestamp is not Unix seconds in digits, or was sent twice')
  }
  const age = Math.floor(window.now / 1000) - Number(timestamp)
  if (Math.abs(age) > window.tolerance) {
    const direction = age > 0 ? 'behind' : 'ahead of'
    throw unverified(
      `the signature's time is ${Math.abs(age)} s ${direction} this clock; tolerated are ${window.tolerance} s`,
    )
  }
  if (typeof signature !== 'string' || !SIGNATURE.test(signature)) {
    throw unverified('X-Webhook-Signature is not the base64 of a SHA-256, or was sent twice')
  }
  return { timestamp, signature }
}

/** Whether one of the secrets made the signature. All are tried, each compared in constant time. */
export function isSignedBy(secrets: readonly string[], taskId: string, { timestamp, signature }: Signature): boolean {
  const given = Buffer.from(signature)
  let matches = false
  for (const secret of secrets) {
    // The canonical texts are compared, not what they decode to: base64 has spellings that decode alike.
    if (timingSafeEqual(Buffer.from(sign({ taskId, timestamp, secret })), given)) matches = true
  }
  return matches
}

/** One wording for every reason: an answer that tells them apart would be an oracle. */
export function unverified(detail: string): Refusal {
  return new Refusal('unverified', 'the callback could not be verified: its signature is missing, wrong or stale', {
    detail,
  })
}
