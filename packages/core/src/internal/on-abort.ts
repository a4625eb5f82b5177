import { setMaxListeners } from 'node:events'

/** Calls back once if the signal aborts. Returns a function that removes the listener. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // One signal may end any number of things at once, which Node 20 takes for a leak and warns of.
  try {
    setMaxListeners(0, signal)
  } catch {
    // A signal of a polyfill or of jsdom is no EventTarget to Node, which then warns of none of its listeners either.
  }
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
