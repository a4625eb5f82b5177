import { createHandler, type LumaReceiver, type LumaOptions, type SuccessHook } from '@luma-callback/core'
import { createMount, toOptions } from '@luma-callback/core/adapter'
import type { ServerResponse } from 'node:http'
import { placeOf } from './place.ts'
import { translate, type ExpressRequest } from './request.ts'
import { failed, notFound, write } from './write.ts'

/** An Express middleware. */
export interface LumaMiddleware extends LumaReceiver {
  (request: ExpressRequest, response: ServerResponse, next?: (error?: unknown) => void): void
}

/**
 * Receives the callbacks of the Luma modify API in Express 4 and 5, connect and node:http. Without a mount point it answers POST
 * at `path` and passes all other requests on. Mounted, or as the handler of a route, it answers at that place. Inside another
 * function, set `path: '*'`: it then answers every call. It works with and without a body parser before it.
 *
 * @param onSuccess - Runs once for each task that succeeded. Or all options in one object, {@link LumaOptions}.
 * @param options - Further options, if the first argument is the hook.
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * import express from 'express'
 * import { lumaCallback } from '@luma-callback/express'
 *
 * const app = express()
 * app.use(lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls)))
 * ```
 */
export function lumaCallback(
  onSuccess: SuccessHook | LumaOptions,
  options?: Omit<LumaOptions, 'onSuccess'>,
): LumaMiddleware {
  const handler = createHandler(toOptions(onSuccess, options, arguments[2]))
  const { start, close, receive, has, waitFor } = handler

  function middleware(request: ExpressRequest, response: ServerResponse, next?: (error?: unknown) => void): void {
    checkArguments(request, response)
    // A likely request is taken too: Express shows reliably which route runs.
    if (mount.judge(placeOf(request, response, next)) === 'passed') {
      return next ? next() : write(response, notFound)
    }
    mount.take(request)
    handler
      .handle(translate(request))
      .then((answer) => write(response, answer))
      .catch(next ?? (() => write(response, failed)))
  }

  const receiver = Object.assign(middleware, { start, close, receive, has, waitFor })
  const mount = createMount(handler, receiver)
  return receiver
}

function checkArguments(request: object | undefined, response: object | undefined): void {
  if (!request || typeof request !== 'object')
    throw new TypeError('the receiver must be called with a request and a response: (request, response, next)')
  if ('request' in request && 'req' in request && (!response || typeof response === 'function'))
    throw new TypeError(
      'the receiver of @luma-callback/express was given to Koa; import lumaCallback from @luma-callback/koa',
    )
}
