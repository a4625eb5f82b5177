import type { Hold } from './budget.ts'
import type { LumaCallback } from '../callback/parse.ts'
import type { Clock } from '../internal/clock.ts'
import type { DedupeStore } from './dedupe.ts'
import type { InboxOptions, Recorded } from '../inbox/contract.ts'
import type { Deliver } from '../hooks/hooks.ts'
import { deferred, type Deferred } from '../internal/promises.ts'
import type { RecentBodies } from './recent-bodies.ts'
import type { Slots } from '../internal/semaphore.ts'

/** However long the body took, the hook and the store get this many milliseconds. */
export const LEAST_TIME = 1_000

/** One callback on its way through its hook in direct mode. */
export interface Run {
  callback: LumaCallback
  holder: string
  /** Its share of the memory for what waits. */
  hold: Hold
  /**
   * `claiming`, `queued` and `running`: the answer is open. `refused`: it was another than 200. `answered`:
   * 200 went out before the hook was done, and retries are ours. `done`: the hook is.
   */
  state: 'claiming' | 'queued' | 'running' | 'refused' | 'answered' | 'done'
  /** What the first request for this callback is told. */
  answer: Deferred<Recorded>
  /** Resolves when nothing more will happen. */
  settled: Promise<void>
  abort: AbortController
  /** Ends the pause before a retry. */
  wake: () => void
}

/** What all runs of one inbox share. */
export interface DirectWork extends InboxOptions {
  dedupe: DedupeStore
  /** Milliseconds from a request's arrival until it is answered, hook done or not. */
  ackTimeout: number
  deliver: Deliver
  slots: Slots
  /** Every run that is not settled, by the callback's key. */
  runs: Map<string, Run>
  /** The bodies of the latest runs that are done, to show beside one that contradicts them. */
  done: RecentBodies
  /** Runs that were answered 200 and are not settled: they live in memory only. */
  unfinished: Set<Run>
  isClosing: () => boolean
}

export function createRun(callback: LumaCallback, holder: string, hold: Hold): Run {
  return {
    callback,
    holder,
    hold,
    state: 'claiming',
    answer: deferred(),
    settled: Promise.resolve(),
    abort: new AbortController(),
    wake: () => {},
  }
}

/** Milliseconds until this callback's request has to be answered. */
export function timeLeft(
  { receivedAt }: LumaCallback,
  { ackTimeout, clock }: { ackTimeout: number; clock: Clock },
): number {
  const left = ackTimeout - (clock.now() - receivedAt.getTime())
  return Math.min(ackTimeout, Math.max(left, LEAST_TIME))
}
