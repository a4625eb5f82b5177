import type { CallbackSource, LumaCallback } from '@luma-callback/core'
import { keyHash } from '@luma-callback/core/inbox'
import { printable } from '@luma-callback/core/internal'

/** The queue's name, as dashboards show it. */
export const QUEUE = 'luma-callbacks'

/** What a job of BullMQ carries. */
export interface CallbackData {
  taskId: string
  outcome: LumaCallback['outcome']
  key: string
  digest: string
  raw: string
  query: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  receivedAt: number
}

export function toData({ taskId, outcome, key, digest, raw, query, receivedAt }: LumaCallback): CallbackData {
  return { taskId, outcome, key, digest, raw, query, receivedAt: receivedAt.getTime() }
}

/** Undefined for what somebody else put into the queue. */
export function toSource({ key, raw, query, receivedAt }: Partial<CallbackData>): Required<CallbackSource> | undefined {
  const isOurs = typeof key === 'string' && typeof raw === 'string' && typeof receivedAt === 'number'
  return isOurs ? { key, raw, query: query ?? {}, receivedAt: new Date(receivedAt) } : undefined
}

/** What a dashboard's list says. */
export function nameOf({ taskId, outcome }: LumaCallback): string {
  return printable(`${outcome} of task ${taskId}`, { most: 200 })
}

/** The id of a key's job. */
export function idOf(key: string): string {
  return keyHash(key).toString('hex')
}

/**
 * Where the memory of keys is. Beside the queue's own keys and not among them: whoever empties the queue does not empty
 * the memory.
 */
export function seenKeys(prefix: string): { seen: (id: string) => string; counted: (day: number) => string } {
  return {
    seen: (id) => `${prefix}-seen:${QUEUE}:${id}`,
    counted: (day) => `${prefix}-seen-on:${QUEUE}:${day}`,
  }
}

export const DAY: number = 24 * 60 * 60 * 1000
