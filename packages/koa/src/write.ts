import type { LumaAnswer } from '@luma-callback/core'
import type { KoaContext } from './context.ts'

/** True if something else has answered already. */
export function isAnswered({ status, body, headerSent, respond }: KoaContext): boolean {
  return headerSent || respond === false || status !== 404 || (body !== undefined && body !== null)
}

export function write(context: KoaContext, { status, headers, body }: LumaAnswer): void {
  context.status = status
  context.body = body
  // In a user's test the context may be a plain object.
  context.set?.({ ...headers })
}
