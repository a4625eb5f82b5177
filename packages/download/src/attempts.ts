import { backoffDelay, pause, systemClock, type RetrySchedule, type Slots } from '@luma-callback/core'
import { DownloadError } from './errors.ts'
import type { Complete, Transfer } from './transfer.ts'
import { checkUrl, type UrlRules } from './url-rules.ts'

export interface AttemptSettings {
  retry: RetrySchedule
  rules: UrlRules
  refresh: ((url: string) => string | Promise<string>) | undefined
  signal: AbortSignal
  slots: Slots
}

/** Bytes that have come since it last failed, after which it counts as going on, not as failing again. */
const PROGRESS = 1024 ** 2
const MOST_REFRESHES = 2

/** Attempts until it is complete, or until another one would be of no use. */
export async function withRetries(
  first: URL,
  transfer: Transfer,
  { retry, rules, refresh, signal, slots }: AttemptSettings,
): Promise<{ result: Complete; attempts: number }> {
  let url = first
  let failures = 0
  let refreshes = 0
  for (let attempts = 1; ; attempts++) {
    const before = transfer.received
    try {
      await slots.enter(signal)
      try {
        return { result: await transfer.attempt(url), attempts }
      } finally {
        slots.leave()
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!(error instanceof DownloadError)) throw error
      if (error.code === 'ERR_LUMA_DOWNLOAD_EXPIRED' && refresh && refreshes < MOST_REFRESHES) {
        refreshes++
        url = checkUrl(await refresh(url.href), rules)
        continue
      }
      failures = transfer.received - before >= PROGRESS ? 1 : failures + 1
      const delay = error.retryAfter ?? backoffDelay(failures, retry, Math.random())
      // A longer pause is for whoever called us: a hook is run again when its time has come.
      if (!error.isInterruption || failures >= retry.attempts || delay > retry.maxDelay) throw error
      await pause(delay, signal, systemClock)
    }
  }
}
