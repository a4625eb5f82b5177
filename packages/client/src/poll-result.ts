import { WaitTimeoutError, type LumaCallback, type WaitOptions } from '@luma-callback/core'
import { checkOptions, integer, limited, systemClock, WAIT_RULES } from '@luma-callback/core/internal'
import type { LumaClient } from './client.ts'
import { poll } from './poll.ts'

/** The options of `pollResult`. */
export interface PollOptions extends WaitOptions {
  /** Milliseconds between requests. Default: 30 000, which the provider recommends. */
  interval?: number | undefined
}

const RULES = { interval: integer({ fallback: 30_000, unit: 'milliseconds' }), ...WAIT_RULES }

/**
 * Waits for a task without a receiver, by asking the API; the provider calls this the "alternative solution". While the API
 * is down, it keeps asking. It throws on an error that cannot pass, such as a wrong key or an unknown task. An unknown task and
 * a success without result URLs count only after a few more requests, because the API's record may be incomplete.
 *
 * @throws WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`), ApiError, the reason of the signal, or a TypeError that names the option
 * that is wrong or unknown.
 */
export async function pollResult(
  client: Pick<LumaClient, 'details'>,
  taskId: string,
  options: PollOptions = {},
): Promise<LumaCallback> {
  const { interval, timeout, signal } = checkOptions('pollResult', options, RULES)
  const late = () => new WaitTimeoutError(`task ${taskId} was not finished within ${timeout} ms`)
  const waiting = limited(signal, timeout, late, systemClock)
  try {
    const isEnd = ({ retryable }: { retryable: boolean }) => !retryable
    return await poll({ client, taskId, interval, signal: waiting.signal, isEnd, tell: () => {} })
  } finally {
    waiting.end()
  }
}
