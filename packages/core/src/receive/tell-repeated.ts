import type { LumaCallback } from '../callback/parse.ts'
import { LEAST_TIME } from '../direct/work.ts'
import type { Emit } from '../events/events.ts'
import type { Inbox, Recorded } from '../inbox/contract.ts'
import type { Clock } from '../internal/clock.ts'
import { within } from '../internal/promises.ts'

interface Telling {
  inbox: Inbox
  /** The client's address, if it is known. */
  from: { address?: string }
  emit: Emit
  clock: Clock
}

/** Tells of a callback whose key was here before. */
export async function tellRepeated(
  recorded: Recorded,
  callback: LumaCallback,
  { inbox, from, emit, clock }: Telling,
): Promise<void> {
  switch (recorded) {
    case 'duplicate':
      return emit({ type: 'duplicate', callback })
    case 'conflict':
      return emit({ type: 'conflict', callback, first: await firstBody(callback, inbox, clock), ...from })
    default:
      throw new TypeError(
        `the inbox answered ${JSON.stringify(recorded)} where its contract knows recorded, duplicate and conflict`,
      )
  }
}

/** Undefined if the inbox does not answer soon: the event matters more than the body. */
async function firstBody({ key }: LumaCallback, inbox: Inbox, clock: Clock): Promise<string | undefined> {
  const late = () => new Error('too late to matter')
  const first = await within(async () => inbox.get?.(key), LEAST_TIME, late, clock).catch(() => undefined)
  return first?.raw
}
