import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** Makes a call in an async context that was captured earlier. */
export type InContext = <Result>(call: () => Result) => Result

/**
 * Captures the async context of its caller: what each `AsyncLocalStorage` holds there, such as the request, the tenant or
 * the trace. For work that serves many requests and is woken by any of them, and so must run in the context of none.
 */
export function captureContext(): InContext {
  const inCaptured = AsyncLocalStorage.snapshot()
  // Below Node 24 `enterWith` changes the resource that it is called in. With one resource for all calls, a hook that enters
  // a context would leave it to every hook after it.
  return (call) => inCaptured(() => new AsyncResource('LUMA_CALLBACK').runInAsyncScope(call))
}
