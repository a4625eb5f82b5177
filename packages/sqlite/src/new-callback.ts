import type { LumaCallback } from '@luma-callback/core'
import { types } from 'node:util'
import type { NewCallback } from './records.ts'

/**
 * Checked before they go to the thread, where what is called together is one transaction: what is wrong here is one
 * caller's mistake. Throws a TypeError that names it.
 */
export function checkKey(method: string, key: unknown): asserts key is string {
  if (typeof key !== 'string' || key === '') throw new TypeError(`${method}: the key must be a text that is not empty`)
}

/** A callback as the file takes it. Throws a TypeError that names what no callback has. */
export function toNewCallback(callback: LumaCallback): NewCallback {
  const { key, digest, taskId, outcome, raw, query, receivedAt } = callback
  checkKey('record', key)
  for (const [name, value] of Object.entries({ digest, taskId, outcome, raw })) {
    if (typeof value !== 'string') throw new TypeError(`record: "${name}" must be a text`)
  }
  if (!types.isDate(receivedAt) || Number.isNaN(receivedAt.getTime())) {
    throw new TypeError('record: "receivedAt" must be a valid Date')
  }
  if (typeof query !== 'object' || query === null) throw new TypeError('record: "query" must be an object')
  return { key, digest, taskId, outcome, raw, query: JSON.stringify(query), receivedAt: receivedAt.getTime() }
}
