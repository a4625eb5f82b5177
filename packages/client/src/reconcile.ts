import { AsyncLocalStorage } from 'node:async_hooks'
import type { LumaCallback, WaitOptions } from '@luma-callback/core'
import { createEmit, pause, systemClock } from '@luma-callback/core/internal'
import { createPace, paced } from './pace.ts'
import { printTroubles, type ReconcileEvent } from './reconcile-events.ts'
import { readReconcileOptions, type ReconcileOptions } from './reconcile-options.ts'
import { createSweeps } from './sweeps.ts'
import { createTaskChecks } from './task-check.ts'
import { waitBoth } from './wait-both.ts'

/** A running check of open tasks, as `reconcile` starts it. */
export interface Reconciler {
  /** Runs one sweep now, instead of the next one. Resolves when it is done. */
  sweep(): Promise<void>
  /**
   * Resolves with the callback of a task as soon as it arrives, or as soon as the API says that the task is finished. Also
   * resolves if the callback arrived earlier; with an inbox, even before a restart. The wait goes on while the API is down or
   * refuses the key, because the callback may still arrive.
   *
   * @throws WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`); ApiError if the API says that this task does not exist, is invalid,
   * or cannot be generated; the reason of the signal; TypeError if the timeout is invalid.
   */
  waitFor(taskId: string, options?: WaitOptions): Promise<LumaCallback>
  /** Stops asking the API. Resolves when the current work has ended. */
  close(): Promise<void>
}

/**
 * Asks the API about overdue tasks. A callback may never arrive: after three failed retries the provider gives up. A finished
 * task goes through the receiver's inbox like a callback, by the same atomic write. If its callback arrives too, the hook
 * still runs once.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * import { createClient, reconcile, trackTasks } from '@luma-callback/client'
 * import { lumaCallback } from '@luma-callback/express'
 *
 * const tasks = trackTasks('tasks.db')
 * const client = createClient({ apiKey: process.env.LUMA_API_KEY ?? '', tasks })
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls))
 * const reconciler = reconcile({ client, receiver: luma, pending: tasks })
 *
 * const { taskId } = await client.modify({ prompt: 'make it snow', videoUrl: 'https://shop.example/fox.mp4' })
 * const callback = await reconciler.waitFor(taskId, { timeout: 20 * 60_000 })
 * ```
 */
export function reconcile(options: ReconcileOptions): Reconciler {
  const settings = readReconcileOptions(options)
  const { receiver, pending, interval, rate } = settings
  const stopping = new AbortController()
  const { signal } = stopping
  const emit = createEmit<ReconcileEvent>(settings.observe ?? printTroubles)
  const inMaking = AsyncLocalStorage.snapshot()
  const client = paced(settings.client, createPace(rate))
  const checks = createTaskChecks({ ...settings, client, signal, emit })
  const list = async () => [...(await (typeof pending === 'function' ? pending() : pending.pending()))]
  const sweeps = createSweeps({ list, checks, interval, signal, emit })
  let sweeping: Promise<void> | undefined

  function sweep(): Promise<void> {
    // One sweep serves all callers. It starts in a promise, so that an async context that `pending` enters ends with it.
    sweeping ??= inMaking(() => Promise.resolve().then(sweeps.sweep)).finally(() => (sweeping = undefined))
    return sweeping
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await sweep()
      await pause(sweeps.rest, signal, systemClock)
    }
  }

  const running = run()
  return {
    sweep,
    waitFor: (taskId, waitOptions) =>
      waitBoth({ client, receiver, taskId, interval, closing: signal, emit }, waitOptions),
    async close() {
      stopping.abort(new Error('the reconciler was closed'))
      await running
    },
  }
}
