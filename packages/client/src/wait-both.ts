import type { LumaCallback, LumaReceiver, WaitOptions } from '@luma-callback/core'
import type { LumaClient } from './client.ts'
import { pollResult } from './poll-result.ts'

export interface WaitParts {
  client: Pick<LumaClient, 'details'>
  receiver: Pick<LumaReceiver, 'receive' | 'waitFor'>
  taskId: string
  /** Milliseconds between questions. */
  interval: number
  /** Ends all waiting. */
  closing: AbortSignal
}

/** Whichever is quicker: the callback, or the API. What the API tells goes through the receiver too. */
export async function waitBoth(parts: WaitParts, { signal, timeout }: WaitOptions = {}): Promise<LumaCallback> {
  const { client, receiver, taskId, interval, closing } = parts
  const over = new AbortController()
  const ending = AbortSignal.any([over.signal, closing, ...(signal ? [signal] : [])])

  async function byPolling(): Promise<LumaCallback> {
    const callback = await pollResult(client, taskId, { interval, signal: ending })
    // If it cannot be recorded now, the next sweep tries again; whoever waits need not.
    await receiver.receive(callback).catch(() => {})
    return callback
  }

  try {
    return await Promise.race([receiver.waitFor(taskId, { signal: ending, timeout }), byPolling()])
  } finally {
    over.abort(new Error('the other was quicker'))
  }
}
