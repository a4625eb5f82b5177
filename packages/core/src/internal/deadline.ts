import { after, type Clock } from './clock.ts'
import { onAbort } from './on-abort.ts'

/** Combines the caller's signal with a timeout; `end()` releases both. */
export interface Limited {
  signal: AbortSignal
  end(): void
}

/**
 * @param timeout - Milliseconds, however many; undefined or infinite for as long as it takes.
 * @param late - What it aborts with when the time is up.
 */
export function limited(
  signal: AbortSignal | undefined,
  timeout: number | undefined,
  late: () => Error,
  clock: Clock,
): Limited {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) abort()
  const ignore = signal && onAbort(signal, abort)
  const letGo = timeout === undefined ? () => {} : after(timeout, () => controller.abort(late()), clock)
  return {
    signal: controller.signal,
    end() {
      letGo()
      ignore?.()
    },
  }
}
