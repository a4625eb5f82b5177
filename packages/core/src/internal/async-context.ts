import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** Makes a call in an async context that was captured earlier. */
export type InContext = <Result>(call: () => Result) => Result

/**
 * Captures the async context of its caller: the values of each `AsyncLocalStorage`, such as the request, the tenant or the
 * trace. Work that serves many requests and is started by any of them must not run in the context of one.
 */
export function captureContext(): InContext {
  const inCaptured = AsyncLocalStorage.snapshot()
  // Below Node 24, `enterWith` changes the current resource. If all calls shared one resource, a hook that enters a context
  // would pass it on to every later hook.
  return (call) => inCaptured(() => new AsyncResource('LUMA_CALLBACK').runInAsyncScope(call))
}
