import type { RetrySchedule } from '@luma-callback/core'
import { backoffDelay, pause, systemClock } from '@luma-callback/core/internal'
import { orAborted } from '../abort.ts'
import { isDownloadError } from '../errors.ts'
import { inSlot } from './slots.ts'
import type { Complete, Transfer } from './transfer.ts'
import { checkUrl, type UrlRules } from '../guard/url-rules.ts'

export interface AttemptSettings {
  retry: RetrySchedule
  rules: UrlRules
  refresh: ((url: string) => string | Promise<string>) | undefined
  signal: AbortSignal
}

/** New bytes that an attempt must bring to count as progress, which resets the count of failures. */
const PROGRESS = 1024 ** 2
const MOST_REFRESHES = 2
/**
 * The longest `Retry-After` to wait for, in milliseconds. The retries of a hook do not know it and would end too soon, so the
 * wait is here. A longer wait does not fit into the time of a hook (`hookTimeout`, ten minutes) and is left to the caller.
 */
const PATIENCE = 120_000

/** Runs attempts until the file is complete, or until another attempt cannot help. */
export async function withRetries(
  first: URL,
  transfer: Transfer,
  { retry, rules, refresh, signal }: AttemptSettings,
): Promise<{ result: Complete; attempts: number }> {
  let url = first
  let failures = 0
  let refreshes = 0
  /** The most bytes that an attempt has reached. A download that starts over makes no progress until it passes them. */
  let furthest = 0
  for (let attempts = 1; ; attempts++) {
    try {
      return { result: await inSlot(signal, () => transfer.attempt(url)), attempts }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!isDownloadError(error)) throw error
      if (error.code === 'ERR_LUMA_DOWNLOAD_EXPIRED' && refresh && refreshes < MOST_REFRESHES) {
        refreshes++
        const { href } = url
        url = checkUrl(await orAborted(signal, () => refresh(href)), rules)
        continue
      }
      failures = transfer.received - furthest >= PROGRESS ? 1 : failures + 1
      furthest = Math.max(furthest, transfer.received)
      const asked = error.retryAfter ?? 0
      if (!error.isInterruption || failures >= retry.attempts || asked > Math.max(PATIENCE, retry.maxDelay)) throw error
      // A server may ask for no wait at all and still be busy, so the backoff is the minimum.
      await pause(Math.max(asked, backoffDelay(failures, retry, Math.random())), signal, systemClock)
    }
  }
}
