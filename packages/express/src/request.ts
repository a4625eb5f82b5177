import type { LumaRequest } from '@luma-callback/core'
import type { IncomingMessage } from 'node:http'

/** What of Express's request is used; the same in Express 4 and 5. connect and node:http bring less of it. */
export interface ExpressRequest extends IncomingMessage {
  originalUrl?: string
  /** The client's address, by the rules of `trust proxy`. */
  ip?: string | undefined
  /** Where this router is mounted; empty at the top. */
  baseUrl?: string
  /** The path below the mount point. */
  path?: string
  params?: unknown
  body?: unknown
  app?: ExpressApplication
  /** What the router that runs hands to the functions that are used in it. */
  next?: unknown
  /** The route that runs, or the last one that ran. */
  route?: { path?: unknown; stack?: readonly { handle?: unknown; method?: string | undefined }[] }
}

/** What of Express's application and routers is looked at; `_router` is Express 4's. */
export interface ExpressApplication {
  enabled?: (setting: string) => boolean
  parent?: ExpressApplication
  _router?: ExpressRouter
  router?: ExpressRouter
}

export interface ExpressRouter {
  stack?: readonly { handle?: unknown; route?: unknown }[]
}

/** The request as the handler takes it. */
export function translate(request: ExpressRequest): LumaRequest {
  const { method, originalUrl, url, headers, params } = request
  return {
    method: method ?? 'POST',
    url: originalUrl ?? url ?? '',
    headers,
    params: params as Record<string, string>,
    stream: request,
    // Asked for only when it is needed: some hosts parse in a getter, which throws for what is no JSON.
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
