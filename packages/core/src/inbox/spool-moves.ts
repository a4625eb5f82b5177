import type { LumaCallback } from '../callback/parse.ts'
import { StoreUnavailableError, toError } from '../errors/errors.ts'
import type { Emit } from '../events/events.ts'
import type { Deliver } from '../hooks/hooks.ts'
import type { DurableInbox, Recorded } from './contract.ts'

/** The moving of callbacks from a spool to their inbox. */
export interface Moves {
  inbox: DurableInbox
  spool: DurableInbox
  /** Records in the inbox, or rejects in time. */
  recordIn: (callback: LumaCallback) => Promise<Recorded>
  emit: Emit
  closed: AbortSignal
}

/** The spool's hook: what it holds is done when the inbox has it. However that fails, it is tried again. */
export function mover({ inbox, recordIn, emit }: Moves): Deliver {
  return async (callback) => {
    const recorded = await recordIn(callback).catch((cause: unknown) => {
      throw new StoreUnavailableError(`task ${callback.taskId} waits in the spool`, { cause })
    })
    if (recorded !== 'conflict') return
    const first = await inbox.get(callback.key).catch(() => undefined)
    emit({ type: 'conflict', callback, first: first?.raw })
  }
}

/** What the spool does is no delivery: of its events the user hears what went wrong. */
export function troublesOf({ spool, emit, closed }: Moves): Emit {
  return (event) => {
    if (event.type === 'error') emit(event)
    if (event.type === 'dead') {
      // Crashes cut the moving off, and the callback is not their cause. If this fails, the next start does it.
      spool.requeue(event.callback.key).catch((error: unknown) => emit({ type: 'error', error: toError(error) }))
    }
    if ((event.type === 'retrying' && !closed.aborted) || event.type === 'dead') {
      emit({ type: 'error', error: event.error, taskId: event.callback.taskId })
    }
  }
}
