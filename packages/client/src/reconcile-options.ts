import type { LumaReceiver } from '@luma-callback/core'
import { z } from 'zod'
import type { LumaClient } from './client.ts'
import { integer, milliseconds, parseOptions } from './options.ts'
import type { ReconcileEvent } from './reconcile-events.ts'
import type { OpenTask, TaskList } from './track-tasks.ts'

/** What `reconcile` can be told. Times are milliseconds. */
export interface ReconcileOptions {
  client: Pick<LumaClient, 'details'>
  /** Your `lumaCallback(…)`: what has finished goes through its inbox. */
  receiver: Pick<LumaReceiver, 'receive' | 'has' | 'waitFor'>
  /** The tasks that have not come back: a function of your own, or `trackTasks(file)`, which is kept up to date. */
  pending: TaskList | (() => Iterable<OpenTask> | Promise<Iterable<OpenTask>>)
  /** Between sweeps, and between the questions of one `waitFor`. Default: 30 000. */
  interval?: number | undefined
  /** How old a task is before the API is asked about it. Default: 180 000. */
  overdueAfter?: number | undefined
  /**
   * How old a task is when nobody asks any more. Default: 24 hours. One of which nobody could ask meanwhile, for the API or
   * the receiver was away, is kept for the 14 days that its result may still be there, if that is longer.
   */
  maxAge?: number | undefined
  /** Tasks asked about a second at most, by sweeps and `waitFor` together. Default: 5. */
  rate?: number | undefined
  /**
   * Told what was found and what was given up on. Default: what someone should look at goes to `console.error`. What it
   * throws, or rejects with, is told there too.
   */
  observe?: ((event: ReconcileEvent) => unknown) | undefined
}

export interface ReconcileSettings extends Pick<ReconcileOptions, 'client' | 'receiver' | 'pending' | 'observe'> {
  interval: number
  overdueAfter: number
  maxAge: number
  rate: number
}

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
  interval: milliseconds(30_000),
  overdueAfter: milliseconds(180_000),
  maxAge: milliseconds(24 * 60 * 60_000),
  rate: integer(1_000, 5),
  observe: z.custom((value) => typeof value === 'function', 'must be a function').optional(),
})

/** @throws TypeError that names the option that is wrong or unknown. */
export function readReconcileOptions(options: ReconcileOptions): ReconcileSettings {
  return parseOptions('reconcile', settingsSchema, options) as ReconcileSettings
}
