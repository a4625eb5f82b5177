import type { LumaRequest } from '@luma-callback/core'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** The used part of Koa's context, the same in Koa 2 and 3, with and without @koa/router and koa-mount. */
export interface KoaContext {
  method: string
  /** The path. koa-mount removes the mount point. */
  path: string
  originalUrl: string
  /** The client's address, by the rules of `app.proxy`. */
  ip?: string | undefined
  req: IncomingMessage
  res: ServerResponse
  request: object
  status: number
  body: unknown
  /** True if the answer has begun. */
  headerSent: boolean
  /** False if something writes the answer without Koa. */
  respond?: boolean | undefined
  set(headers: Record<string, string>): unknown
}

/** Translates a request for the handler. Koa's parsers leave their results on `request`; a host below Koa uses `req`, the stream. */
export function translate(context: KoaContext): LumaRequest {
  const { method, originalUrl, req } = context
  const request = (context.request ?? {}) as { headers?: LumaRequest['headers']; rawBody?: unknown; body?: unknown }
  return {
    method,
    url: originalUrl ?? req?.url ?? '',
    headers: req?.headers ?? request.headers ?? {},
    params: 'params' in context ? (context.params as Record<string, string>) : undefined,
    stream: req,
    // Read only on demand: on some hosts it is a getter that parses, and throws if the body is not JSON.
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
