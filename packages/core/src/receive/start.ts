import { StoreUnavailableError, toError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import type { Deliver } from '../hooks/hooks.ts'
import type { Inbox, InboxOptions } from '../inbox/contract.ts'
import type { Outage } from '../inbox/outage.ts'
import type { InContext } from '../internal/async-context.ts'
import type { Clock } from '../internal/clock.ts'
import { within } from '../internal/promises.ts'

/** Starts the inbox once, when it is asked to or when the first callback comes. */
export interface Starter {
  /** Again after a failure. */
  start(): Promise<void>
  isStarted(): boolean
  /** Waits until it is started, but no longer than the answer may take; starting goes on by itself. */
  startInTime(): Promise<void>
}

interface StarterParts {
  inbox: Inbox
  /** Whether it is the user's own, which works for all requests; direct mode is not. */
  isDurable: boolean
  deliver: Deliver
  options: InboxOptions & { outage: Outage }
  /** Runs a function in the async context of the receiver's making. */
  inMaking: InContext
  ackTimeout: number
  clock: Clock
}

export function createStarter(parts: StarterParts): Starter {
  const { inbox, options, inMaking, ackTimeout, clock } = parts
  let starting: Promise<void> | undefined
  let isStarted = false

  async function startInbox(): Promise<void> {
    try {
      await inMaking(() => inbox.start(...workOf(parts)))
      isStarted = true
      options.outage.worked('start')
    } catch (cause) {
      if (isLumaError(cause, 'ERR_LUMA_CLOSED')) throw cause
      options.outage.failed('start')
      throw new StoreUnavailableError(`the inbox could not be started: ${toError(cause).message}`, { cause })
    }
  }

  function start(): Promise<void> {
    starting ??= startInbox().catch((error: unknown) => {
      starting = undefined
      throw error
    })
    return starting
  }

  return {
    start,
    isStarted: () => isStarted,
    startInTime() {
      const late = () => new StoreUnavailableError(`the inbox was not started within ${ackTimeout} ms`)
      return within(start, ackTimeout, late, clock)
    },
  }
}

/**
 * An inbox works for all requests, so that its hooks and events are of no request's context, whatever wakes it. In direct
 * mode they are of their own request's.
 */
function workOf({ deliver, options, isDurable, inMaking }: StarterParts): Parameters<Inbox['start']> {
  if (!isDurable) return [deliver, options]
  return [
    (callback, run) => inMaking(() => deliver(callback, run)),
    { ...options, emit: (event) => inMaking(() => options.emit(event)) },
  ]
}
