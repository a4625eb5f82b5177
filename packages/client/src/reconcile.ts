import { AsyncLocalStorage } from 'node:async_hooks'
import type { LumaCallback, WaitOptions } from '@luma-callback/core'
import { createEmit, pause, systemClock, toError } from '@luma-callback/core/internal'
import type { ApiError } from './errors.ts'
import { createTaskChecks } from './task-check.ts'
import { createPace, paced } from './pace.ts'
import { printTroubles, type ReconcileEvent } from './reconcile-events.ts'
import { readReconcileOptions, type ReconcileOptions } from './reconcile-options.ts'
import type { OpenTask } from './track-tasks.ts'
import { waitBoth } from './wait-both.ts'

export interface Reconciler {
  /** One sweep now, in place of the next. Resolves when it is done. */
  sweep(): Promise<void>
  /**
   * Resolves with the callback of a task as soon as it comes, or as the API tells of it; also if it had come before, and
   * with an inbox after a restart too. An API that is away, or that refuses the key, does not end it: the callback may come
   * all the same.
   *
   * @throws WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`), ApiError if the API says of this task that it does not exist, or
   * that it cannot be, what the signal was aborted with, or a TypeError for a timeout that is none.
   */
  waitFor(taskId: string, options?: WaitOptions): Promise<LumaCallback>
  /** Asks no more. Resolves when what is under way has ended. */
  close(): Promise<void>
}

/** After a 429 the API is left alone for longer each time, in milliseconds. */
const LONGEST_REST = 5 * 60_000

/**
 * Asks the API about tasks that are overdue, for a callback may never come: after three failed retries the provider stops
 * for good. What has finished goes through the receiver's inbox like a callback, by the same atomic write; if the callback
 * comes too, its hook runs once.
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
  let rest = interval
  /** Where the API had enough the last time. The next sweep begins behind it, or those behind it would never have a turn. */
  let stoppedAt: unknown
  let sweeping: Promise<void> | undefined

  async function list(): Promise<OpenTask[]> {
    return [...(await (typeof pending === 'function' ? pending() : pending.pending()))]
  }

  async function sweepOnce(): Promise<void> {
    try {
      const open = await list()
      checks.forgetAllBut(open)
      const start = stoppedAt === undefined ? 0 : open.findIndex((task) => idOf(task) === stoppedAt) + 1
      stoppedAt = undefined
      for (const task of [...open.slice(start), ...open.slice(0, start)]) {
        if (signal.aborted) return
        const { wasAsked, refusal } = await checks.check(task)
        if (wasAsked) rest = interval
        if (!refusal) continue
        stoppedAt = idOf(task)
        return leaveAlone(refusal)
      }
    } catch (error) {
      emit({ type: 'error', error: toError(error) })
    }
  }

  function leaveAlone({ code, retryAfter = 0 }: ApiError): void {
    const isLimited = code === 'ERR_LUMA_API_RATE_LIMITED'
    rest = Math.max(retryAfter, isLimited ? Math.min(LONGEST_REST, rest * 2) : interval)
    if (isLimited) emit({ type: 'limited', delay: rest })
  }

  function sweep(): Promise<void> {
    // One sweep serves all callers. By a promise, so that what `pending` enters its context with is gone after it.
    sweeping ??= inMaking(() => Promise.resolve().then(sweepOnce)).finally(() => (sweeping = undefined))
    return sweeping
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await sweep()
      await pause(rest, signal, systemClock)
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

/** Of a row that may be anything. */
function idOf(task: OpenTask | null | undefined): unknown {
  return task?.taskId
}
