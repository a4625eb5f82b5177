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

/** Bytes further than it ever was, after which it counts as going on, not as failing again. */
const PROGRESS = 1024 ** 2
const MOST_REFRESHES = 2
/**
 * Milliseconds that a server may ask for. A hook's own retries know nothing of what it asked for, and would all be over
 * before; but a hook has its time too (`hookTimeout`, ten minutes), so that a longer wait is for whoever called us.
 */
const PATIENCE = 120_000

/** Attempts until it is complete, or until another one would be of no use. */
export async function withRetries(
  first: URL,
  transfer: Transfer,
  { retry, rules, refresh, signal }: AttemptSettings,
): Promise<{ result: Complete; attempts: number }> {
  let url = first
  let failures = 0
  let refreshes = 0
  /** Bytes that it had come to at most. What starts over comes to them again, which is no progress. */
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
      // Asked to come back at once, or in the past, by many times in a row: it is no less busy for that.
      await pause(Math.max(asked, backoffDelay(failures, retry, Math.random())), signal, systemClock)
    }
  }
}
