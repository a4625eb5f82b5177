import { after, type Clock } from './clock.ts'
import { onAbort } from './on-abort.ts'

/** Combines the caller's signal with a timeout; `end()` releases both. */
export interface Limited {
  signal: AbortSignal
  end(): void
}

/**
 * @param timeout - Any number of milliseconds; undefined or infinite for no timeout.
 * @param late - Makes the abort reason for the timeout.
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
  const cancel = timeout === undefined ? () => {} : after(timeout, () => controller.abort(late()), clock)
  return {
    signal: controller.signal,
    end() {
      cancel()
      ignore?.()
    },
  }
}
