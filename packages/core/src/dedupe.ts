import { hash } from 'node:crypto'
import { systemClock, type Clock } from './clock.ts'

/**
 * What a claim found. `held`: someone works on it. `done`: it was completed before with this content;
 * `conflict`: with another one.
 */
export type Claim = 'claimed' | 'held' | 'done' | 'conflict'

/**
 * Remembers which callbacks were handled, for direct mode. Every method is one atomic step, in however many
 * processes share the store. All times are milliseconds. A rejected promise means that nobody knows; the
 * provider is then answered 503 and sends again.
 */
export interface DedupeStore {
  /**
   * Takes a key that nobody holds and that is not done. Claiming again what one holds already is `claimed`.
   *
   * @param holder - Who claims; unique for each claim.
   * @param lease - How long the claim holds without being renewed.
   * @param digest - SHA-256 of the content. A store that does not keep it answers `done` where others say `conflict`.
   */
  claim(key: string, holder: string, lease: number, digest: string): Promise<Claim>
  /** Holds a claim for another lease. Resolves to false if it is not this holder's any more. */
  renew(key: string, holder: string, lease: number): Promise<boolean>
  /** Marks as done what the holder claimed, to be remembered for `retention`. Changes nothing for anyone else. */
  complete(key: string, holder: string, retention: number): Promise<void>
  /** Gives a claim up, so that the next delivery is let through. Changes nothing for anyone else. */
  release(key: string, holder: string): Promise<void>
}

export interface MemoryDedupeOptions {
  /** How many done keys are remembered; the oldest go first. 100 000 by default. */
  max?: number
}

interface Held {
  holder: string
  digest: string
  expiresAt: number
}

interface Done {
  key: string
  digest: string
  expiresAt: number
}

/**
 * Remembers in this process's memory: the default of direct mode, good for one process. What is held is
 * never dropped; what is done is forgotten past its retention, or when `max` others came after it.
 *
 * @throws TypeError if `max` is not a positive integer.
 */
export function memoryDedupe(options: MemoryDedupeOptions = {}, clock: Clock = systemClock): DedupeStore {
  const max = options.max ?? 100_000
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new TypeError(`memoryDedupe: option "max" must be a positive integer, got ${String(max)}`)
  }
  const held = new Map<string, Held>()
  const done = new Map<string, Done>()
  // What is done, oldest first, in a ring: a Map's own order would do, but finding its first key after many
  // were deleted means to step over all the gaps.
  const ring: Done[] = []
  let oldest = 0

  /** A lease that ran out is still its holder's until someone else claims: a blocked event loop loses nothing. */
  function owned(key: string, holder: string): Held | undefined {
    const claim = held.get(key)
    return claim?.holder === holder ? claim : undefined
  }

  function remember(entry: Done): void {
    done.set(entry.key, entry)
    if (ring.length < max) {
      ring.push(entry)
      return
    }
    const dropped = ring[oldest]
    // The same key may have expired and been done again since.
    if (dropped && done.get(dropped.key) === dropped) done.delete(dropped.key)
    ring[oldest] = entry
    oldest = (oldest + 1) % max
  }

  return {
    async claim(name, holder, lease, digest) {
      const key = shortKey(name)
      const finished = done.get(key)
      if (finished && finished.expiresAt > clock.now()) return finished.digest === digest ? 'done' : 'conflict'
      const claim = held.get(key)
      if (claim && claim.holder !== holder && claim.expiresAt > clock.now()) return 'held'
      done.delete(key)
      held.set(key, { holder, digest, expiresAt: clock.now() + lease })
      return 'claimed'
    },
    async renew(name, holder, lease) {
      const claim = owned(shortKey(name), holder)
      if (!claim) return false
      claim.expiresAt = clock.now() + lease
      return true
    },
    async complete(name, holder, retention) {
      const key = shortKey(name)
      const claim = owned(key, holder)
      if (!claim) return
      held.delete(key)
      remember({ key, digest: claim.digest, expiresAt: clock.now() + retention })
    },
    async release(name, holder) {
      const key = shortKey(name)
      if (owned(key, holder)) held.delete(key)
    },
  }
}

/** Shorter than a hash, so that no key can be taken for the hash of another. */
const LONGEST_KEPT_KEY = 63

/** A key of a user's own can be of any length; a hundred thousand of them must not be. */
function shortKey(key: string): string {
  return key.length > LONGEST_KEPT_KEY ? hash('sha256', key) : key
}
