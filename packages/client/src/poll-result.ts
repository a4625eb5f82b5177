import { limited, pause, systemClock, WaitTimeoutError, type LumaCallback, type WaitOptions } from '@luma-callback/core'
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
  const late = () => new WaitTimeoutError(`task ${taskId} was not finished within ${timeout} ms`)
  const waiting = limited(signal, timeout, late, systemClock)
  try {
    for (;;) {
      waiting.signal.throwIfAborted()
      const { callback, wait = interval } = await askOnce(client, taskId, waiting.signal)
      if (callback) return callback
      await pause(Math.max(wait, interval), waiting.signal, systemClock)
    }
  } finally {
    waiting.end()
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
