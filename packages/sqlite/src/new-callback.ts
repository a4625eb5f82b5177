import type { LumaCallback } from '@luma-callback/core'
import type { NewCallback } from './records.ts'

/** A callback as the file takes it. */
export function toNewCallback(callback: LumaCallback): NewCallback {
  const { key, digest, taskId, outcome, raw, query, receivedAt } = callback
  return { key, digest, taskId, outcome, raw, query: JSON.stringify(query), receivedAt: receivedAt.getTime() }
}
