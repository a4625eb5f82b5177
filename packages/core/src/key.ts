import type { LumaCallback } from './callback.ts'

/** The default key: the outcome holds no colon, so that no two pairs share one. */
export function callbackKey(taskId: string, outcome: LumaCallback['outcome']): string {
  return `${taskId}:${outcome}`
}
