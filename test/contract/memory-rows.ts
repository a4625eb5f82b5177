import type { CallbackSource, DeliveryState, InboxEntry, LumaCallback } from '@luma-callback/core'
import type { JobFailure } from '@luma-callback/core/inbox'

/** A callback as the memory inbox keeps it. */
export interface Row {
  readonly callback: LumaCallback
  state: DeliveryState
  attempts: number
  crashes: number
  /** Counts its leases; a run whose number is another has lost its lease. */
  takes: number
  /** Which inbox runs it. */
  owner: number
  dueAt: number
  startedAt: Date | undefined
  endedAt: Date | undefined
  failure: JobFailure | undefined
}

/** What the inboxes of one test share. A Map keeps what came first in front. */
export interface Store {
  rows: Map<string, Row>
  /** Digests of what was seen, by key. */
  seen: Map<string, string>
  /** Whoever may have work to do wakes everyone. */
  wakers: Set<() => void>
}

export function newRow(callback: LumaCallback): Row {
  return {
    callback,
    state: 'pending',
    attempts: 0,
    crashes: 0,
    takes: 0,
    owner: 0,
    dueAt: 0,
    startedAt: undefined,
    endedAt: undefined,
    failure: undefined,
  }
}

export function sourceOf({ raw, query, receivedAt, key }: LumaCallback): Required<CallbackSource> {
  return { raw, query, receivedAt, key }
}

export function toEntry(row: Row): InboxEntry {
  const { callback, state, attempts, crashes, failure, startedAt, endedAt } = row
  const { taskId, outcome } = callback
  const nextRunAt = state === 'pending' ? new Date(row.dueAt) : undefined
  return {
    ...sourceOf(callback),
    taskId,
    outcome,
    state,
    attempts,
    crashes,
    lastError: failure?.text,
    failureCode: failure?.code,
    startedAt,
    endedAt,
    nextRunAt,
  }
}
