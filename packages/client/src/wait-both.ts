import type { LumaCallback, LumaReceiver, WaitOptions } from '@luma-callback/core'
import { checkOptions, pause, systemClock, toError, WAIT_RULES } from '@luma-callback/core/internal'
import type { LumaClient } from './client.ts'
import type { ApiError } from './errors.ts'
import { poll } from './poll.ts'
import type { ReconcileEvent } from './reconcile-events.ts'

export interface WaitParts {
  client: Pick<LumaClient, 'details'>
  receiver: Pick<LumaReceiver, 'receive' | 'has' | 'waitFor'>
  taskId: string
  /** Milliseconds between questions. */
  interval: number
  /** Ends all waiting. */
  closing: AbortSignal
  emit: (event: ReconcileEvent) => void
}

/** Whichever is quicker: the callback, or the API. What the API tells goes through the receiver too. */
export async function waitBoth(parts: WaitParts, options?: WaitOptions): Promise<LumaCallback> {
  const { signal, timeout } = checkOptions('waitFor', options, WAIT_RULES)
  const { client, receiver, taskId, interval, closing, emit } = parts
  const over = new AbortController()
  const ending = AbortSignal.any([over.signal, closing, ...(signal ? [signal] : [])])
  const tell = (error: Error) => emit({ type: 'error', taskId, error })

  async function byPolling(): Promise<LumaCallback> {
    // What has come already needs no question; if the receiver cannot tell, it says so itself.
    if (await receiver.has(taskId).catch(() => false)) await pause(Infinity, ending, systemClock)
    const callback = await poll({ client, taskId, interval, signal: ending, isEnd: isAboutTask, tell })
    try {
      emit({ type: 'found', callback, recorded: await receiver.receive(callback) })
    } catch (error) {
      // If it cannot be recorded now, the next sweep tries again; whoever waits need not.
      tell(toError(error))
    }
    return callback
  }

  try {
    return await Promise.race([receiver.waitFor(taskId, { signal: ending, timeout }), byPolling()])
  } finally {
    over.abort(new Error('the other was quicker'))
  }
}

/** What the API says of this task, and not of the account or of itself; for the callback may come all the same. */
function isAboutTask({ code }: ApiError): boolean {
  return ['ERR_LUMA_API_NOT_FOUND', 'ERR_LUMA_API_INVALID', 'ERR_LUMA_API_GENERATION_FAILED'].includes(code)
}
