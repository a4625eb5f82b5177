import { WaitTimeoutError, type LumaCallback, type WaitOptions } from '@luma-callback/core'
import { checkOptions, integer, limited, systemClock, WAIT_RULES } from '@luma-callback/core/internal'
import type { LumaClient } from './client.ts'
import { poll } from './poll.ts'

export interface PollOptions extends WaitOptions {
  /** Milliseconds between questions. Default: 30 000, which the provider recommends. */
  interval?: number | undefined
}

const RULES = { interval: integer({ fallback: 30_000, unit: 'milliseconds' }), ...WAIT_RULES }

/**
 * Waits for a task with no receiver at all, by asking the API; the provider's "alternative solution". An API that is away
 * is asked again; what cannot pass, such as a wrong key or a task that does not exist, is thrown. That there is no such
 * task, or a success without a result, is believed after a few more questions: its record may be behind.
 *
 * @throws WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`), ApiError, what the signal was aborted with, or a TypeError that names
 * the option that is wrong or unknown.
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
