import type { LumaCallback } from '../callback/parse.ts'

/** Somebody who knows what is true of a task, and is asked before its hook runs: `confirm(client)` of the client package. */
export interface Trust {
  /**
   * The callback as it is in truth, which the hook gets in place of the one that came. Its task and outcome are the same.
   *
   * @throws ForgedError (`ERR_LUMA_FORGED`) if it is not borne out: it becomes dead at once. Anything else, and no answer
   * within `hookTimeout`: nobody can tell now, so it is asked again (`ERR_LUMA_UNCONFIRMED`).
   */
  confirm(callback: LumaCallback, context: { signal: AbortSignal }): Promise<LumaCallback>
}
