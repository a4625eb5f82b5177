import type { DeliveryState, InboxEntry } from '@luma-callback/core'
import type { Job } from 'bullmq'
import type { List } from './beyond-docs.ts'
import { toSource, type CallbackData } from './callback-job.ts'
import { failureIn } from './failures.ts'

/** BullMQ's sets and lists, and what each of their jobs is to us. */
export const STATE_OF: Readonly<Record<List, DeliveryState>> = {
  wait: 'pending',
  delayed: 'pending',
  active: 'running',
  completed: 'done',
  failed: 'dead',
}

/**
 * A job as an inbox shows it, undefined for one that is no callback; `dueAt` is when a delayed one runs again, in
 * milliseconds since the epoch.
 */
export function toEntry(
  job: Job<CallbackData | null>,
  state: DeliveryState,
  dueAt: number | undefined,
): InboxEntry | undefined {
  const { data, attemptsMade, stalledCounter, processedOn, finishedOn } = job
  const source = data && toSource(data)
  if (!source) return undefined
  const failure = failureIn(job)
  const hasEnded = state === 'done' || state === 'dead'
  return {
    ...source,
    taskId: data.taskId,
    outcome: data.outcome,
    state,
    attempts: state === 'running' ? attemptsMade + 1 : attemptsMade,
    crashes: stalledCounter,
    lastError: failure?.text,
    failureCode: failure?.code,
    startedAt: processedOn === undefined ? undefined : new Date(processedOn),
    endedAt: hasEnded && finishedOn !== undefined ? new Date(finishedOn) : undefined,
    nextRunAt: state === 'pending' ? new Date(dueAt ?? data.receivedAt) : undefined,
  }
}
