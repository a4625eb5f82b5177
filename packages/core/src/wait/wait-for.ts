import type { Arrivals } from './arrivals.ts'
import { parseCallback, type LumaCallback } from '../callback/parse.ts'
import { checkOptions, type Rules } from '../internal/check-options.ts'
import type { Clock } from '../internal/clock.ts'
import { abortSignal, custom, optional } from '../internal/option-rules.ts'
import { WaitTimeoutError } from '../errors/errors.ts'
import type { Inbox, InboxEntry } from '../inbox/contract.ts'
import { callbackKey } from '../callback/key.ts'
import { limited } from '../internal/deadline.ts'
import { isUnborne } from '../verify/trust.ts'
import type { Trust } from '../hooks/trust.ts'

/** The options of `waitFor`. */
export interface WaitOptions {
  /** Ends the waiting; it then rejects with its reason. */
  signal?: AbortSignal | undefined
  /**
   * Milliseconds, however many; then it rejects with a WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`). Default: for as long as
   * it takes.
   */
  timeout?: number | undefined
}

/** For all functions that wait. A timeout that was computed may be a fraction, or infinite. */
export const WAIT_RULES: Rules<Required<WaitOptions>> = {
  signal: abortSignal,
  timeout: optional(
    custom((value) =>
      typeof value === 'number' && value > 0 ? undefined : 'must be a number above 0, in milliseconds',
    ),
  ),
}

export interface Waiting {
  has(taskId: string): Promise<boolean>
  waitFor(taskId: string, options?: WaitOptions): Promise<LumaCallback>
}

/** Milliseconds between looks into the inbox, for what another process took. */
const LOOK_EVERY = 1_000
/** Longest pause between two questions about a callback that is not confirmed, in milliseconds; pauses double up to it. */
const ASK_EVERY = 30_000

/** An entry, as far as the inbox tells of it. */
type Kept = Pick<InboxEntry, 'raw'> & Partial<InboxEntry> & { key: string }

interface WaitingParts {
  inbox: Inbox
  arrivals: Arrivals
  trust: Trust | undefined
  clock: Clock
}

/** Looks for what has come, and waits for what will. */
export function createWaiting({ inbox, arrivals, trust, clock }: WaitingParts): Waiting {
  /** Both outcomes of a task are two results. */
  async function entriesOf(taskId: string): Promise<Kept[]> {
    const keys = (['success', 'failure'] as const).map((outcome) => callbackKey(taskId, outcome))
    const entries = await Promise.all(keys.map(async (key) => ({ ...(await inbox.get?.(key)), key })))
    return entries.filter((entry): entry is Kept => entry.raw !== undefined && !isUnborne(entry))
  }

  /** A callback that is not done may still prove forged. A dead one was never acted on. */
  async function has(taskId: string): Promise<boolean> {
    const entries = await entriesOf(taskId)
    return entries.some(({ state }) => (trust ? state === 'done' : state !== 'dead'))
  }

  async function find(taskId: string): Promise<LumaCallback | undefined> {
    const [entry] = await entriesOf(taskId)
    if (!entry) return undefined
    const { raw, key, query = {}, receivedAt = new Date(clock.now()) } = entry
    return parseCallback({ raw, query, receivedAt, key })
  }

  /** Undefined for a callback that is rejected or cannot be confirmed: it does not count as come. */
  async function confirmed(callback: LumaCallback, signal: AbortSignal): Promise<LumaCallback | undefined> {
    if (!trust) return callback
    try {
      return await trust.confirm(callback, { signal })
    } catch {
      // Whatever it is, the true one may still come; the hook's own run tells of it.
      return undefined
    }
  }

  async function waitUntil(taskId: string, signal: AbortSignal): Promise<LumaCallback> {
    for (let patience = LOOK_EVERY; ;) {
      signal.throwIfAborted()
      const found = (await find(taskId)) ?? (await arrivals.next(taskId, LOOK_EVERY, signal))
      const callback = found && (await confirmed(found, signal))
      if (callback) return callback
      if (!found) continue
      // A forged callback must not make every caller ask about it each second.
      const arrived = await arrivals.next(taskId, patience, signal)
      patience = arrived ? LOOK_EVERY : Math.min(ASK_EVERY, patience * 2)
    }
  }

  async function waitFor(taskId: string, options?: WaitOptions): Promise<LumaCallback> {
    const { signal, timeout } = checkOptions('waitFor', options, WAIT_RULES)
    const late = () => new WaitTimeoutError(`the callback of task ${taskId} did not come within ${timeout} ms`)
    const waiting = limited(signal, timeout, late, clock)
    try {
      return await waitUntil(taskId, waiting.signal)
    } finally {
      waiting.end()
    }
  }

  return { has, waitFor }
}
