import { BUSY, PROTOCOL, resultCode } from './result.ts'

/** Transactions in a row, and milliseconds from the first of them on, until a lock counts as lasting. */
const MOST_BUSY = 3
const LONGEST_BUSY = 1_000

/** Tells whether a file seems locked for good. */
export interface LockWatch {
  /** A transaction failed, after it waited for `busyTimeout` if it met a lock. */
  failed(error: unknown): void
  /** A transaction wrote. One that only read tells nothing, because readers need other locks than writers. */
  wrote(): void
  isLasting(): boolean
}

export function watchLocks(): LockWatch {
  let count = 0
  let since = 0
  let isLasting = false
  return {
    failed(error) {
      if (!isLocked(error)) return
      if (count++ === 0) since = performance.now()
      const isLong = count >= MOST_BUSY && performance.now() - since >= LONGEST_BUSY
      isLasting = isLong || resultCode(error) === PROTOCOL
    },
    wrote() {
      count = 0
      isLasting = false
    },
    isLasting: () => isLasting,
  }
}

export function isLocked(error: unknown): boolean {
  return [BUSY, PROTOCOL].includes(resultCode(error))
}
