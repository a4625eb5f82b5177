import { BusyError } from '../errors/errors.ts'

/** Bytes of memory for the callbacks that one receiver keeps; see {@link createBudget}. */
const MOST_HELD = 64 * 1024 * 1024

/** A share of the budget. */
export interface Hold {
  /** @throws BusyError if the budget has no room for so much; the hold then stays as it was. */
  resize(bytes: number): void
  /** Gives it back. Calling it again changes nothing. */
  release(): void
}

/** How much memory callbacks take while they wait in this process. */
export interface Budget {
  /** Bytes that are held now. */
  readonly held: number
  /** @throws BusyError if there is no room for so much. */
  take(bytes: number): Hold
}

/**
 * Counts the bytes of callbacks that wait: requests without an answer yet, and in direct mode callbacks that were answered 200
 * and whose hook is not done. Beyond the limit, a callback is refused before anything is done for it, and the provider keeps it. A single callback is never
 * refused: `bodyLimit` says how large a body may be.
 */
export function createBudget(most: number = MOST_HELD): Budget {
  let held = 0

  function checkRoom(others: number, bytes: number): void {
    if (others === 0 || others + bytes <= most) return
    throw new BusyError(`callbacks that wait take ${others} of ${most} bytes of memory; no more are taken`)
  }

  return {
    get held() {
      return held
    },
    take(bytes) {
      checkRoom(held, bytes)
      let mine = bytes
      held += mine
      return {
        resize(to) {
          checkRoom(held - mine, to)
          held += to - mine
          mine = to
        },
        release() {
          held -= mine
          mine = 0
        },
      }
    },
  }
}
