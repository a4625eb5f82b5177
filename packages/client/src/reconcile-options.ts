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

/** The options of `reconcile`. Times are in milliseconds. */
export interface ReconcileOptions {
  /** Your `createClient(…)`. Only its method `details` is called. */
  client: Pick<LumaClient, 'details'>
  /** Your `lumaCallback(…)`. Finished tasks go through its inbox. */
  receiver: Pick<LumaReceiver, 'receive' | 'has' | 'waitFor'>
  /** The open tasks: a function of your own, or `trackTasks(file)`, from which settled tasks are removed. */
  pending: TaskList | (() => Iterable<OpenTask> | Promise<Iterable<OpenTask>>)
  /** The time between sweeps, and between the requests of one `waitFor`. Default: 30 000. */
  interval?: number | undefined
  /** The age of a task before the API is asked about it. Default: 180 000. */
  overdueAfter?: number | undefined
  /**
   * The age at which the reconciler gives up on a task. Default: 24 hours. While the API or the receiver is down, a task is
   * kept for at least 14 days, as long as the provider keeps its result.
   */
  maxAge?: number | undefined
  /** The most requests a second, by sweeps and `waitFor` together. Default: 5. */
  rate?: number | undefined
  /**
   * Called with each event. Default: prints the events that need attention with `console.error`. If it throws or rejects,
   * that error is printed there too.
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
