import { hash } from 'node:crypto'
import { checkOptions } from '../internal/check-options.ts'
import { systemClock, type Clock } from '../internal/clock.ts'
import { integer } from '../internal/option-rules.ts'

/**
 * What a claim found. `held`: someone works on it. `done`: it was completed before with this content;
 * `conflict`: with another one.
 */
export type Claim = 'claimed' | 'held' | 'done' | 'conflict'

/** Whose claim on which key. */
export interface ClaimRef {
  readonly key: string
  /** Names the claim; unique for each one. */
  readonly holder: string
}

/**
 * Remembers which callbacks were handled, for direct mode. Every method is one atomic step, in however many
 * processes share the store. All times are milliseconds. After a rejected promise the provider is answered 503
 * and sends again.
 */
export interface DedupeStore {
  /**
   * Takes a key that is neither held nor done. A holder that claims its own key again is told `claimed`.
   *
   * @param claim.lease - How long the claim holds without being renewed.
   * @param claim.digest - SHA-256 of the content. A store that does not keep it answers `done` where others say `conflict`.
   */
  claim(claim: ClaimRef & { readonly lease: number; readonly digest: string }): Promise<Claim>
  /** Holds a claim for another lease. Resolves to false if it is not this holder's any more. */
  renew(claim: ClaimRef & { readonly lease: number }): Promise<boolean>
  /** Marks as done what the holder claimed, to be remembered for `retention`. Changes nothing for anyone else. */
  complete(claim: ClaimRef & { readonly retention: number }): Promise<void>
  /** Gives a claim up, so that the next delivery is let through. Changes nothing for anyone else. */
  release(claim: ClaimRef): Promise<void>
  /** Ends what the store opened itself. The receiver calls it when it has closed. */
  close?(): Promise<void>
}

/** The options of `memoryDedupe`. */
export interface MemoryDedupeOptions {
  /** How many done keys are remembered; the oldest go first. 100 000 by default. */
  max?: number | undefined
}

interface Entry {
  key: string
  /** Who holds the claim; undefined once it is done. */
  holder: string | undefined
  digest: string
  expiresAt: number
}

/**
 * Remembers in this process's memory: the default of direct mode, good for one process. A claim that is held is never
 * dropped. A key that is done is forgotten after its retention, or when `max` others came after it.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function memoryDedupe(options: MemoryDedupeOptions = {}): DedupeStore {
  return memoryDedupeOn(systemClock, options)
}

/** `memoryDedupe` on the clock that its receiver goes by. */
export function memoryDedupeOn(clock: Clock, options: MemoryDedupeOptions = {}): DedupeStore {
  const { max } = checkOptions('memoryDedupe', options, { max: integer({ fallback: 100_000 }) })
  const entries = new Map<string, Entry>()
  // What is done, oldest first, in a ring: a Map's own order would do, but finding its first key after many
  // were deleted means to step over all the gaps.
  const done: Entry[] = []
  let oldest = 0

  /** A lease that ran out is still its holder's until someone else claims: a blocked event loop loses nothing. */
  function owned(key: string, holder: string): Entry | undefined {
    const entry = entries.get(shortKey(key))
    return entry?.holder === holder ? entry : undefined
  }

  function remember(entry: Entry): void {
    if (done.length < max) {
      done.push(entry)
      return
    }
    const dropped = done[oldest]
    // The same key may have expired and been claimed again since.
    if (dropped && entries.get(dropped.key) === dropped) entries.delete(dropped.key)
    done[oldest] = entry
    oldest = (oldest + 1) % max
  }

  return {
    async claim({ key: name, holder, lease, digest }) {
      const key = shortKey(name)
      const entry = entries.get(key)
      if (entry && entry.expiresAt > clock.now() && entry.holder !== holder) {
        if (entry.holder !== undefined) return 'held'
        return entry.digest === digest ? 'done' : 'conflict'
      }
      entries.set(key, { key, holder, digest, expiresAt: clock.now() + lease })
      return 'claimed'
    },
    async renew({ key, holder, lease }) {
      const entry = owned(key, holder)
      if (entry) entry.expiresAt = clock.now() + lease
      return entry !== undefined
    },
    async complete({ key, holder, retention }) {
      const entry = owned(key, holder)
      if (!entry) return
      entry.holder = undefined
      entry.expiresAt = clock.now() + retention
      remember(entry)
    },
    async release({ key, holder }) {
      const entry = owned(key, holder)
      if (entry) entries.delete(entry.key)
    },
  }
}

/** Shorter than a hash, so that no key can be taken for the hash of another. */
const LONGEST_KEPT_KEY = 63

/** A key of a user's own can be of any length; a hundred thousand of them must not be. */
function shortKey(key: string): string {
  // Of its UTF-16: in UTF-8 all lone surrogates are one.
  return key.length > LONGEST_KEPT_KEY ? hash('sha256', Buffer.from(key, 'utf16le')) : key
}
