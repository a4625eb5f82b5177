import type { DeliveryState, InboxEntry } from '@luma-callback/core'
import { wrongOption } from '@luma-callback/core/internal'
import { crashesOf, toSource, type CallbackData } from './callback-job.ts'

export interface JobRow {
  id: string
  data: CallbackData | null
  state: string
  retry_count: number
  start_after: Date
  started_on: Date | null
  completed_on: Date | null
  created_on: Date
  /** What a page is ordered by, in microseconds since the epoch. */
  micros: string
}

/** Where a page begins: behind this row. */
export interface Position {
  micros: string
  id: string
}

/** What each page holds and how it is ordered. pg-boss's order of states ends with those that have ended. */
export const PAGES: Readonly<
  Record<DeliveryState | 'all', { where: string; time: string; direction: 'ASC' | 'DESC' }>
> = {
  all: { where: 'true', time: 'created_on', direction: 'DESC' },
  pending: { where: `state < 'active'`, time: 'start_after', direction: 'ASC' },
  running: { where: `state = 'active'`, time: 'started_on', direction: 'ASC' },
  done: { where: `state = 'completed'`, time: 'completed_on', direction: 'DESC' },
  // What somebody cancelled in a dashboard is delivered no more than what is dead.
  dead: { where: `state IN ('failed', 'cancelled')`, time: 'completed_on', direction: 'DESC' },
}

export function stateOf(state: string): DeliveryState {
  switch (state) {
    case 'active':
      return 'running'
    case 'completed':
      return 'done'
    case 'failed':
    case 'cancelled':
      return 'dead'
    default:
      return 'pending'
  }
}

export function toPosition(cursor: string): Position {
  const [, micros, id] = /^(\d{1,18})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  if (micros === undefined || id === undefined) {
    throw wrongOption({ caller: 'list', name: 'cursor' }, 'must be one that a page came with')
  }
  return { micros, id }
}

/** Undefined for a row that is no callback. */
export function toEntry(row: JobRow): InboxEntry | undefined {
  const { state, retry_count, start_after, started_on, completed_on } = row
  const { data } = row
  const source = data && toSource(data)
  if (!source) return undefined
  const { attempts = 0, lastError, failureCode } = data
  const ours = stateOf(state)
  // pg-boss counts a claim from the second one on. What waits again has ended the run that is counted.
  const run = started_on && (ours === 'pending' || ours === 'dead') ? retry_count + 1 : retry_count
  const hasEnded = ours === 'done' || ours === 'dead'
  return {
    ...source,
    taskId: data.taskId,
    outcome: data.outcome,
    state: ours,
    attempts: ours === 'running' || ours === 'done' ? attempts + 1 : attempts,
    crashes: crashesOf(data, run).crashes,
    lastError,
    failureCode: failureCode ?? undefined,
    startedAt: started_on ?? undefined,
    endedAt: hasEnded ? (completed_on ?? undefined) : undefined,
    nextRunAt: ours === 'pending' ? start_after : undefined,
  }
}
