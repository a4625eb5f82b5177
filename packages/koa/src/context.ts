import type { LumaRequest } from '@luma-callback/core'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What of Koa's context is used; the same in Koa 2 and 3, with and without @koa/router and koa-mount. */
export interface KoaContext {
  method: string
  /** The path; koa-mount takes the mount point off. */
  path: string
  originalUrl: string
  /** The client's address, by the rules of `app.proxy`. */
  ip?: string | undefined
  req: IncomingMessage
  res: ServerResponse
  request: object
  status: number
  body: unknown
  /** The answer is on its way. */
  headerSent: boolean
  /** Set to false where the answer is written past Koa. */
  respond?: boolean | undefined
  set(headers: Record<string, string>): unknown
}

/** The request as Koa's parsers leave it; what a host below Koa left is found on `req`, which is the stream. */
export function translate(context: KoaContext): LumaRequest {
  const { method, originalUrl, req } = context
  const request = (context.request ?? {}) as { headers?: LumaRequest['headers']; rawBody?: unknown; body?: unknown }
  return {
    method,
    url: originalUrl ?? req?.url ?? '',
    headers: req?.headers ?? request.headers ?? {},
    params: 'params' in context ? (context.params as Record<string, string>) : undefined,
    stream: req,
    // Asked for only when it is needed: some hosts parse in a getter, which throws for what is no JSON.
    get rawBody() {
      return request.rawBody
    },
    get body() {
      return request.body
    },
    get address() {
      return context.ip
    },
  }
}
