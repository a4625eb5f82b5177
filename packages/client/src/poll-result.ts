import { pause, systemClock, WaitTimeoutError, type LumaCallback, type WaitOptions } from '@luma-callback/core'
import { callbackOf } from './callback-of.ts'
import type { LumaClient } from './client.ts'
import { ApiError } from './errors.ts'

export interface PollOptions extends WaitOptions {
  /** Milliseconds between questions. Default: 30 000, which the provider recommends. */
  interval?: number | undefined
}

/**
 * Waits for a task with no receiver at all, by asking the API; the provider's "alternative solution". An API that is away
 * is asked again; what cannot pass, such as a wrong key or a task that does not exist, is thrown.
 *
 * @throws WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`), ApiError, or what the signal was aborted with.
 */
export async function pollResult(
  client: Pick<LumaClient, 'details'>,
  taskId: string,
  { interval = 30_000, timeout, signal }: PollOptions = {},
): Promise<LumaCallback> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  const late = (): void =>
    controller.abort(new WaitTimeoutError(`task ${taskId} was not finished within ${timeout} ms`))
  const timer = timeout === undefined ? undefined : setTimeout(late, timeout)
  try {
    for (;;) {
      controller.signal.throwIfAborted()
      const { callback, wait = interval } = await askOnce(client, taskId, controller.signal)
      if (callback) return callback
      await pause(Math.max(wait, interval), controller.signal, systemClock)
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

async function askOnce(
  client: Pick<LumaClient, 'details'>,
  taskId: string,
  signal: AbortSignal,
): Promise<{ callback?: LumaCallback; wait?: number | undefined }> {
  try {
    const details = await client.details(taskId, { signal })
    return details.state === 'generating' ? {} : { callback: callbackOf(details) }
  } catch (error) {
    if (signal.aborted || !(error instanceof ApiError) || !error.retryable) throw error
    return { wait: error.retryAfter }
  }
}
