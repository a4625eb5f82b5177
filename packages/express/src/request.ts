import type { LumaRequest } from '@luma-callback/core'
import type { IncomingMessage } from 'node:http'

/** The used part of Express's request, the same in Express 4 and 5. In connect and node:http some fields are missing. */
export interface ExpressRequest extends IncomingMessage {
  originalUrl?: string
  /** The client's address, by the rules of `trust proxy`. */
  ip?: string | undefined
  /** The mount point of this router; empty at the top. */
  baseUrl?: string
  /** The path below the mount point. */
  path?: string
  params?: unknown
  body?: unknown
  app?: ExpressApplication
  /** The `next` that the current router gives to its middlewares. */
  next?: unknown
  /** The route that runs, or the last one that ran. */
  route?: { path?: unknown; stack?: readonly { handle?: unknown; method?: string | undefined }[] }
}

/** The used part of Express's application and routers. `_router` is from Express 4. */
export interface ExpressApplication {
  enabled?: (setting: string) => boolean
  parent?: ExpressApplication
  _router?: ExpressRouter
  router?: ExpressRouter
}

export interface ExpressRouter {
  stack?: readonly { handle?: unknown; route?: unknown }[]
}

/** Translates a request for the handler. */
export function translate(request: ExpressRequest): LumaRequest {
  const { method, originalUrl, url, headers, params } = request
  return {
    method: method ?? 'POST',
    url: originalUrl ?? url ?? '',
    headers,
    params: params as Record<string, string>,
    stream: request,
    // Read only on demand: on some hosts it is a getter that parses, and throws if the body is not JSON.
    get rawBody() {
      return 'rawBody' in request ? request.rawBody : undefined
    },
    get body() {
      return request.body
    },
    get address() {
      return request.ip
    },
  }
}
