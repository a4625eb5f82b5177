import {
  createHandler,
  toOptions,
  type LumaAnswer,
  type LumaReceiver,
  type LumaOptions,
  type LumaRequest,
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

function translate(request: ExpressRequest): LumaRequest {
  const { method, originalUrl, url, headers, params } = request
  return {
    method: method ?? '',
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
  }
}

/** What has answered already (a timeout middleware, say) has the last word. */
function write(response: ServerResponse, { status, headers, body }: LumaAnswer): void {
  if (response.headersSent) return
  if (typeof response.writeHead !== 'function' || typeof response.end !== 'function') {
    return writeToMock(response, { status, headers, body })
  }
  response.writeHead(status, headers)
  response.end(body)
}

/** What users' tests may have in place of a response: any of the methods of Express's own. */
interface MockResponse {
  statusCode?: unknown
  status?(code: number): unknown
  setHeader?(name: string, value: string): unknown
  set?(name: string, value: string): unknown
  end?(body: string): unknown
  send?(body: string): unknown
  json?(body: unknown): unknown
}

function writeToMock(response: MockResponse, { status, headers, body }: LumaAnswer): void {
  response.statusCode = status
  response.status?.(status)
  for (const [name, value] of Object.entries(headers)) {
    if (response.setHeader) response.setHeader(name, value)
    else response.set?.(name, value)
  }
  if (response.end) response.end(body)
  else if (response.send) response.send(body)
  else if (response.json) response.json(JSON.parse(body))
  else throw new TypeError('lumaCallback was given a response that has neither end(), send() nor json()')
}
