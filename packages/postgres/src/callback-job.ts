import type { CallbackSource, LumaCallback } from '@luma-callback/core'
import { keyHash } from '@luma-callback/core/inbox'

/** The queue's name, as dashboards show it. */
export const QUEUE = 'luma-callbacks'

/** What a job of pg-boss carries. Of it `taskId` and `outcome` are for whoever looks at a dashboard. */
export interface CallbackData {
  taskId: string
  outcome: LumaCallback['outcome']
  /** JSON, as the next two: Postgres can hold neither NUL nor lone surrogates, but their escapes. */
  key: string
  raw: string
  query: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  /** Runs that counted and ended without success. */
  attempts?: number
  /** Runs up to `endedRun` that ended with their process, or with their lease. */
  crashes?: number
  /** The run that was the latest to end in order, by pg-boss's count of them, which begins with 0. */
  endedRun?: number
  lastError?: string
  /** Null if the latest failure had none, so that an earlier one's goes. */
  failureCode?: string | null
}

export function toData({ taskId, outcome, key, raw, query, receivedAt }: LumaCallback): CallbackData {
  return {
    taskId,
    outcome,
    key: JSON.stringify(key),
    raw: JSON.stringify(raw),
    query: JSON.stringify(query),
    receivedAt: receivedAt.getTime(),
  }
}

/** Undefined for what somebody else put into the queue. */
export function toSource({ key, raw, query, receivedAt }: Partial<CallbackData>): Required<CallbackSource> | undefined {
  try {
    const source = {
      key: JSON.parse(key ?? '') as string,
      raw: JSON.parse(raw ?? '') as string,
      query: JSON.parse(query ?? '') as Record<string, string>,
      receivedAt: new Date(receivedAt ?? NaN),
    }
    const isOurs = typeof source.key === 'string' && typeof source.raw === 'string'
    return isOurs && Number.isFinite(source.receivedAt.getTime()) ? source : undefined
  } catch {
    return undefined
  }
}

/** How many runs before this one were cut off: by now, and without one in order since then. */
export function crashesOf(
  { crashes = 0, endedRun = -1 }: Partial<CallbackData>,
  run: number,
): { crashes: number; justNow: number } {
  const justNow = Math.max(run - 1 - endedRun, 0)
  return { crashes: crashes + justNow, justNow }
}

/** The id of a key's job, as a UUID. */
export function idOf(key: string): string {
  return keyHash(key)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
