import { types } from 'node:util'
import type { LumaCallback } from '../callback/parse.ts'

/**
 * Checks a callback before it reaches an engine, where many go together and a fault of one would fail them all.
 *
 * @throws TypeError that names the field.
 */
export function checkCallback(callback: Partial<Record<keyof LumaCallback, unknown>>): void {
  const { key, receivedAt, query } = callback
  checkKey('record', key)
  for (const name of ['digest', 'taskId', 'outcome', 'raw'] as const) {
    if (typeof callback[name] !== 'string') throw new TypeError(`record: "${name}" must be a text`)
  }
  if (!types.isDate(receivedAt) || Number.isNaN(receivedAt.getTime())) {
    throw new TypeError('record: "receivedAt" must be a valid Date')
  }
  if (typeof query !== 'object' || query === null) throw new TypeError('record: "query" must be an object')
}

/** @throws TypeError that names the method that was called with it. */
export function checkKey(method: string, key: unknown): asserts key is string {
  if (typeof key !== 'string' || key === '') throw new TypeError(`${method}: the key must be a text that is not empty`)
}
