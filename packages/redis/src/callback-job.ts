import { hash } from 'node:crypto'
import { InvalidCallbackError, printable, type CallbackSource, type LumaCallback } from '@luma-callback/core'

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

/** In place of what cannot be read, because somebody else put it into the queue. */
export function noCallback(jobId: string): Required<CallbackSource> {
  const message = `job ${jobId} of the queue ${QUEUE} is no callback; somebody else put it there`
  return {
    key: `job ${jobId}`,
    // Whoever reads it to run its hook finds this out, tells it and buries it.
    get raw(): string {
      throw new InvalidCallbackError('callback', message)
    },
    query: {},
    receivedAt: new Date(0),
  }
}

/** What a dashboard's list says. */
export function nameOf({ taskId, outcome }: LumaCallback): string {
  return printable(`${outcome} of task ${taskId}`, { most: 200 })
}

/**
 * The id of a key's job: 128 bits of its SHA-256, so that its length and characters do not matter. Of its UTF-16, for in
 * UTF-8 all lone surrogates are one.
 */
export function idOf(key: string): string {
  return hash('sha256', Buffer.from(key, 'utf16le'), 'hex').slice(0, 32)
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

/** The field of a job that says at how many crashes it was taken last; BullMQ leaves fields it does not know alone. */
export const TAKEN_AT = 'luma:stc'

export const DAY: number = 24 * 60 * 60 * 1000
