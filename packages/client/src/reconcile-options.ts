import type { LumaReceiver } from '@luma-callback/core'
import {
  callable,
  checkOptions,
  custom,
  has,
  having,
  integer,
  optional,
  type Rules,
} from '@luma-callback/core/internal'
import type { LumaClient } from './client.ts'
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

const RULES: Rules<ReconcileSettings> = {
  client: having(['details'], 'createClient'),
  receiver: having(['receive', 'has', 'waitFor'], 'lumaCallback'),
  pending: custom((value) =>
    typeof value === 'function' || has(value, 'pending')
      ? undefined
      : 'must be a function, or a list of tasks such as trackTasks(file)',
  ),
  interval: integer({ fallback: 30_000, unit: 'milliseconds' }),
  overdueAfter: integer({ fallback: 180_000, unit: 'milliseconds' }),
  maxAge: integer({ fallback: 24 * 60 * 60_000, unit: 'milliseconds' }),
  rate: integer({ most: 1_000, fallback: 5 }),
  observe: optional(callable()),
}

/** @throws TypeError that names the option that is wrong or unknown. */
export function readReconcileOptions(options: ReconcileOptions): ReconcileSettings {
  return checkOptions('reconcile', options, RULES)
}
