import {
  pause,
  systemClock,
  toError,
  type LumaCallback,
  type LumaReceiver,
  type WaitOptions,
} from '@luma-callback/core'
import { z } from 'zod'
import { callbackOf } from './callback-of.ts'
import type { LumaClient } from './client.ts'
import { ApiError } from './errors.ts'
import { integer, parseOptions } from './options.ts'
import { describeReconcileEvent, type ReconcileEvent } from './reconcile-events.ts'
import type { OpenTask, TaskList } from './track-tasks.ts'
import { waitBoth } from './wait-both.ts'

/** What `reconcile` can be told. Times are milliseconds. */
export interface ReconcileOptions {
  client: Pick<LumaClient, 'details'>
  /** Your `lumaCallback(…)`: what has finished goes through its inbox. */
  receiver: Pick<LumaReceiver, 'receive' | 'has' | 'waitFor'>
  /** The tasks that have not come back: a function of your own, or `trackTasks(file)`, which is kept up to date. */
  pending: TaskList | (() => Iterable<OpenTask> | Promise<Iterable<OpenTask>>)
  /** Between sweeps. Default: 30 000. */
  interval?: number | undefined
  /** How old a task is before the API is asked about it. Default: 180 000. */
  overdueAfter?: number | undefined
  /** How old a task is when nobody asks any more. Default: 24 hours. */
  maxAge?: number | undefined
  /** Questions a second at most. Default: 5. */
  rate?: number | undefined
  /** Told what was found and what was given up on. Default: what someone should look at goes to `console.error`. */
  observe?: ((event: ReconcileEvent) => unknown) | undefined
}

export interface Reconciler {
  /** One sweep now, in place of the next. Resolves when it is done. */
  sweep(): Promise<void>
  /**
   * Resolves with the callback of a task as soon as it comes, or as the API tells of it; also if it had come before, and
   * with an inbox after a restart too.
   *
   * @throws WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`), ApiError for what cannot pass, or what the signal was aborted with.
   */
  waitFor(taskId: string, options?: WaitOptions): Promise<LumaCallback>
  /** Asks no more. Resolves when what is under way has ended. */
  close(): Promise<void>
}

interface Settings extends Pick<ReconcileOptions, 'client' | 'receiver' | 'pending' | 'observe'> {
  interval: number
  overdueAfter: number
  maxAge: number
  rate: number
}

const LONGEST = 2 ** 31 - 1
const having = (...methods: string[]) =>
  z.custom(
    (value) => methods.every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'),
    `must have the methods ${methods.join(', ')}`,
  )
const settingsSchema = z.strictObject({
  client: having('details'),
  receiver: having('receive', 'has', 'waitFor'),
  pending: z.custom(
    (value) => typeof value === 'function' || typeof (value as Partial<TaskList> | null)?.pending === 'function',
    'must be a function, or a list of tasks such as trackTasks(file)',
  ),
  interval: integer(LONGEST, 30_000),
  overdueAfter: integer(LONGEST, 180_000),
  maxAge: integer(LONGEST, 24 * 60 * 60 * 1_000),
  rate: integer(1_000, 5),
  observe: z.custom((value) => typeof value === 'function', 'must be a function').optional(),
})

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
 * const reconciler = reconcile({ client, receiver: luma, pending: tasks })
 * const callback = await reconciler.waitFor(taskId, { timeout: 20 * 60_000 })
 * ```
 */
export function reconcile(options: ReconcileOptions): Reconciler {
  const { client, receiver, pending, interval, overdueAfter, maxAge, rate, observe } = parseOptions(
    'reconcile',
    settingsSchema,
    options,
  ) as Settings
  const list = typeof pending === 'function' ? undefined : pending
  const listed = async () => (typeof pending === 'function' ? pending() : pending.pending())
  const stopping = new AbortController()
  const { signal } = stopping
  /** Tasks that need no more questions, as long as they are still listed. */
  const settled = new Set<string>()
  let rest = interval
  let sweeping: Promise<void> | undefined

  function emit(event: ReconcileEvent): void {
    try {
      if (observe) observe(event)
      else if (event.type !== 'found') console.error(describeReconcileEvent(event))
    } catch (error) {
      console.error(`luma-callback: the function given as "observe" failed: ${toError(error).message}`)
    }
  }

  async function settle(taskId: string): Promise<void> {
    settled.add(taskId)
    await list?.remove(taskId)
  }

  /** Resolves to false when the API wants to be left alone. */
  async function look({ taskId, submittedAt }: OpenTask): Promise<boolean> {
    const age = Date.now() - submittedAt.getTime()
    if (await receiver.has(taskId)) {
      await settle(taskId)
      return true
    }
    if (age < overdueAfter) return true
    try {
      const details = await client.details(taskId, { signal })
      rest = interval
      if (details.state !== 'generating') {
        const callback = callbackOf(details)
        const recorded = await receiver.receive(callback)
        await settle(taskId)
        emit({ type: 'found', callback, recorded })
        return true
      }
    } catch (error) {
      if (signal.aborted) return false
      if (error instanceof ApiError && error.code === 'ERR_LUMA_API_RATE_LIMITED') {
        rest = Math.max(error.retryAfter ?? 0, Math.min(LONGEST_REST, rest * 2))
        emit({ type: 'limited', delay: rest })
        return false
      }
      emit({ type: 'error', taskId, error: toError(error) })
      // Of the next task it would say the same.
      if (error instanceof ApiError && error.code !== 'ERR_LUMA_API_NOT_FOUND') return false
    }
    if (age > maxAge) {
      await settle(taskId)
      emit({ type: 'abandoned', taskId, age })
    }
    return true
  }

  async function sweepOnce(): Promise<void> {
    try {
      const open = [...(await listed())]
      const ids = new Set(open.map(({ taskId }) => taskId))
      for (const taskId of settled) if (!ids.has(taskId)) settled.delete(taskId)
      let goOn = true
      for (const task of open) {
        if (signal.aborted || !goOn) break
        if (settled.has(task.taskId)) continue
        const startedAt = Date.now()
        goOn = await look(task)
        const overdue = startedAt - task.submittedAt.getTime() >= overdueAfter
        if (overdue) await pause(Math.max(0, 1_000 / rate - (Date.now() - startedAt)), signal, systemClock)
      }
    } catch (error) {
      emit({ type: 'error', error: toError(error) })
    }
  }

  function sweep(): Promise<void> {
    sweeping ??= sweepOnce().finally(() => (sweeping = undefined))
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
    waitFor: (taskId, waitOptions) => waitBoth({ client, receiver, taskId, interval, closing: signal }, waitOptions),
    async close() {
      stopping.abort(new Error('the reconciler was closed'))
      await running
    },
  }
}
