import { createHandler, type LumaReceiver, type LumaOptions, type SuccessHook } from '@luma-callback/core'
import { createMount, toOptions } from '@luma-callback/core/adapter'
import { translate, type KoaContext } from './context.ts'
import { placeOf } from './place.ts'
import { isAnswered, write } from './write.ts'

/** A Koa middleware. */
export interface LumaMiddleware extends LumaReceiver {
  (context: KoaContext, next?: () => Promise<unknown>): Promise<unknown>
}

/**
 * Receives the callbacks of the Luma modify API in Koa 2 and 3. Without a mount point it answers POST at `path` and passes all
 * other requests on. Mounted with koa-mount, or as the handler of a route of @koa/router, it answers at that place. Inside
 * another function, set `path: '*'`: it then answers every call. It works with and without a body parser before it.
 *
 * @param onSuccess - Runs once for each task that succeeded. Or all options in one object, {@link LumaOptions}.
 * @param options - Further options, if the first argument is the hook.
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * import Koa from 'koa'
 * import { lumaCallback } from '@luma-callback/koa'
 *
 * const app = new Koa()
 * app.use(lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls)))
 * ```
 */
export function lumaCallback(
  onSuccess: SuccessHook | LumaOptions,
  options?: Omit<LumaOptions, 'onSuccess'>,
): LumaMiddleware {
  const handler = createHandler(toOptions(onSuccess, options, arguments[2]))
  const { start, close, receive, has, waitFor } = handler

  // Not async, so that a wrong call from Express throws at once.
  function middleware(context: KoaContext, next?: () => Promise<unknown>): Promise<unknown> {
    checkArguments(context, next)
    return run(context, next)
  }

  async function run(context: KoaContext, next: (() => Promise<unknown>) | undefined): Promise<unknown> {
    const verdict = mount.judge(placeOf(context, next))
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
