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
  /** Milliseconds between requests. */
  interval: number
  /** Ends all waiting. */
  closing: AbortSignal
  emit: (event: ReconcileEvent) => void
}

/** Waits for the callback or for the API, and takes the first. The API's result goes through the receiver too. */
export async function waitBoth(parts: WaitParts, options?: WaitOptions): Promise<LumaCallback> {
  const { signal, timeout } = checkOptions('waitFor', options, WAIT_RULES)
  const { client, receiver, taskId, interval, closing, emit } = parts
  const over = new AbortController()
  const ending = AbortSignal.any([over.signal, closing, ...(signal ? [signal] : [])])
  const tell = (error: Error) => emit({ type: 'error', taskId, error })

  async function byPolling(): Promise<LumaCallback> {
    // If the callback is there already, no request is needed. If `has` fails, `receiver.waitFor` reports it.
    if (await receiver.has(taskId).catch(() => false)) await pause(Infinity, ending, systemClock)
    const callback = await poll({ client, taskId, interval, signal: ending, isEnd: isAboutTask, tell })
    try {
      emit({ type: 'found', callback, recorded: await receiver.receive(callback) })
    } catch (error) {
      // If the receiver cannot record it now, the next sweep tries again. The caller gets the result at once.
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

/** True if the error concerns this task. After any other error the callback may still arrive. */
function isAboutTask({ code }: ApiError): boolean {
  return ['ERR_LUMA_API_NOT_FOUND', 'ERR_LUMA_API_INVALID', 'ERR_LUMA_API_GENERATION_FAILED'].includes(code)
}
