import {
  createHandler,
  toOptions,
  type LumaAnswer,
  type LumaReceiver,
  type LumaOptions,
  type SuccessHook,
} from '@luma-callback/core'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What of Express's request is used; the same in Express 4 and 5. */
export interface ExpressRequest extends IncomingMessage {
  originalUrl: string
  /** Where this router is mounted; empty at the top. */
  baseUrl: string
  /** The path below the mount point. */
  path: string
  params: unknown
  body?: unknown
  /** The route that is running, if one is, with what stands in it. */
  route?: { stack?: readonly { handle?: unknown }[] }
}

/** An Express middleware. */
export interface LumaMiddleware extends LumaReceiver {
  (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void): void
}

/**
 * Receives the callbacks of the Luma modify API in Express 4 and 5. Used without a mount point it answers
 * POST at `path` and passes everything else on; mounted, or as a route's handler, it answers where it is.
 * Body parsers before it are fine, and so is none.
 *
 * @param onSuccess - Runs once for each task that succeeded.
 * @param options - See {@link LumaOptions}.
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * app.use(lumaCallback(async ({ taskId, resultUrls }) => save(taskId, resultUrls)))
 * ```
 */
export function lumaCallback(onSuccess: SuccessHook, options?: Omit<LumaOptions, 'onSuccess'>): LumaMiddleware
export function lumaCallback(options: LumaOptions): LumaMiddleware
export function lumaCallback(
  first: SuccessHook | LumaOptions,
  second?: Omit<LumaOptions, 'onSuccess'>,
): LumaMiddleware {
  const handler = createHandler(toOptions(first, second))
  const { start, close, receive, has, waitFor } = handler

  function middleware(request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void): void {
    if (!isOurs(request)) return next()
    handler
      .handle(translate(request))
      .then((answer) => write(response, answer))
      .catch(next)
  }

  function isOurs({ route, baseUrl, path }: ExpressRequest): boolean {
    // `route` outlives a route that called next(), so it counts only while it is this middleware's own.
    if (route?.stack?.some(({ handle }) => handle === middleware)) return true
    return (baseUrl !== '' && path === '/') || path === handler.path || path === `${handler.path}/`
  }

  return Object.assign(middleware, { start, close, receive, has, waitFor })
}

function translate(request: ExpressRequest) {
  const { method = '', originalUrl, headers, params, body } = request
  const rawBody = 'rawBody' in request ? request.rawBody : undefined
  return { method, url: originalUrl, headers, params: params as Record<string, string>, stream: request, body, rawBody }
}

/** Whoever has answered already (a timeout middleware, say) has the last word. */
function write(response: ServerResponse, { status, headers, body }: LumaAnswer): void {
  if (response.headersSent) return
  response.writeHead(status, headers).end(body)
}
