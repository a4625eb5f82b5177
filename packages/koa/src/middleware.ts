import {
  createHandler,
  createMount,
  toOptions,
  type LumaAnswer,
  type LumaReceiver,
  type LumaOptions,
  type LumaRequest,
  type SuccessHook,
} from '@luma-callback/core'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { placeOf } from './place.ts'

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

/** A Koa middleware. */
export interface LumaMiddleware extends LumaReceiver {
  (context: KoaContext, next?: () => Promise<unknown>): Promise<unknown>
}

/**
 * Receives the callbacks of the Luma modify API in Koa 2 and 3. Used without a mount point it answers POST at
 * `path` and passes everything else on; mounted with koa-mount, or as the handler of a route of @koa/router,
 * it answers where it is. Inside another function give it `path: '*'`: it answers wherever it is called. Body parsers
 * before it are fine, and so is none.
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

  // Not async, so that Express sees the error of a wrong call.
  function middleware(context: KoaContext, next?: () => Promise<unknown>): Promise<unknown> {
    checkArguments(context, next)
    return run(context, next)
  }

  async function run(context: KoaContext, next: (() => Promise<unknown>) | undefined): Promise<unknown> {
    const verdict = mount.judge(placeOf(context, next, translate))
    if (verdict !== 'ours') {
      const result = await next?.()
      if (verdict === 'passed' || isAnswered(context)) return result
    }
    mount.take(context.req ?? context)
    return write(context, await handler.handle(translate(context)))
  }

  const receiver = Object.assign(middleware, { start, close, receive, has, waitFor })
  const mount = createMount(handler, receiver)
  return receiver
}

function checkArguments(context: object | undefined, next: unknown): void {
  if (!context) throw new TypeError('the receiver must be called with a context of Koa: (context, next)')
  if (next && typeof next === 'object')
    throw new TypeError(
      'the receiver of @luma-callback/koa was given to Express or node:http; import lumaCallback from @luma-callback/express',
    )
}

function isAnswered(context: KoaContext): boolean {
  const { status, body, headerSent, respond } = context
  return headerSent || respond === false || status !== 404 || (body !== undefined && body !== null)
}

/** The request as Koa's parsers leave it; what a host below Koa left is found on `req`, which is the stream. */
function translate(context: KoaContext): LumaRequest {
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

function write(context: KoaContext, { status, headers, body }: LumaAnswer): void {
  context.status = status
  context.body = body
  // A context of a user's test may be a plain object.
  context.set?.({ ...headers })
}
