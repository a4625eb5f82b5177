import type { LumaCallback } from '../callback/parse.ts'
import { StoreUnavailableError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import type { Emit } from '../events/events.ts'
import type { Inbox, Recorded } from '../inbox/contract.ts'
import type { Outage } from '../inbox/outage.ts'
import type { Clock } from '../internal/clock.ts'
import { within } from '../internal/promises.ts'
import type { ReceiverSettings } from '../options/options.ts'
import { addressIn } from '../request/request.ts'
import { reviveUnborne } from '../verify/trust.ts'
import type { Arrivals } from '../wait/arrivals.ts'
import type { Receipt } from './read-callback.ts'
import type { Starter } from './start.ts'
import { tellRepeated } from './tell-repeated.ts'

/** Hands a callback to the inbox. The receipt is left out where no request brought it. */
export type Take = (callback: LumaCallback, receipt?: Receipt) => Promise<Recorded>

interface TakeParts {
  settings: Pick<ReceiverSettings, 'inbox' | 'trust' | 'ackTimeout'>
  inbox: Inbox
  starter: Starter
  arrivals: Arrivals
  outage: Outage
  emit: Emit
  clock: Clock
}

export function createTake({ settings, inbox, starter, arrivals, outage, emit, clock }: TakeParts): Take {
  const { ackTimeout } = settings

  /** Direct mode keeps the deadline itself; another inbox has to be quick, or the provider must come back. */
  function record(callback: LumaCallback, receipt?: Receipt): Promise<Recorded> {
    if (settings.inbox) return recordInTime(settings.inbox, callback)
    // Direct mode holds it from here on, and for longer than the request.
    receipt?.hold?.release()
    return inbox.record(callback)
  }

  async function recordInTime(durable: Inbox, callback: LumaCallback): Promise<Recorded> {
    const late = () => new Error(`it did not answer within ${ackTimeout} ms`)
    try {
      const recorded = await within(() => durable.record(callback), ackTimeout, late, clock)
      outage.worked('record')
      return recorded
    } catch (cause) {
      if (!isLumaError(cause) || cause.code === 'ERR_LUMA_STORE_UNAVAILABLE') outage.failed('record')
      if (isLumaError(cause)) throw cause
      throw new StoreUnavailableError(`the inbox could not record task ${callback.taskId}`, { cause })
    }
  }

  /** With `trust`, a key that a forged callback took gets another run. */
  async function reviveInTime(callback: LumaCallback): Promise<void> {
    if (!settings.trust) return
    const late = () =>
      new StoreUnavailableError(`the inbox did not tell of task ${callback.taskId} within ${ackTimeout} ms`)
    await within(() => reviveUnborne(settings.inbox, callback), ackTimeout, late, clock)
  }

  return async (callback, receipt) => {
    emit({ type: 'received', callback })
    if (!starter.isStarted()) await starter.startInTime()
    const recorded = await record(callback, receipt)
    if (recorded !== 'recorded') {
      await reviveInTime(callback)
      await tellRepeated(recorded, callback, { inbox, from: addressIn(receipt?.request), emit, clock })
    }
    arrivals.tell(callback)
    return recorded
  }
}
