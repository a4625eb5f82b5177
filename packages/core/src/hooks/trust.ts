import type { LumaCallback } from '../callback/parse.ts'

/** Confirms a callback with a source that knows, before its hook runs: `confirm(client)` of the client package. */
export interface Trust {
  /**
   * Resolves to the true callback, of the same task and outcome. The hook gets it in place of the one that came.
   *
   * @throws ForgedError (`ERR_LUMA_FORGED`) to reject the callback: it becomes dead at once. Any other error, and no answer
   * within `hookTimeout`, mean that it cannot be confirmed now and is asked again (`ERR_LUMA_UNCONFIRMED`).
   */
  confirm(callback: LumaCallback, context: { signal: AbortSignal }): Promise<LumaCallback>
}
