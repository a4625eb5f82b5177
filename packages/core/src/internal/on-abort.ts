import { setMaxListeners } from 'node:events'

/** Calls back once if the signal aborts. Returns a function that removes the listener. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // One signal may have many listeners. Node 20 warns about that as a leak.
  try {
    setMaxListeners(0, signal)
  } catch {
    // Node does not know signals of a polyfill or of jsdom, so it does not warn about them either.
  }
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
