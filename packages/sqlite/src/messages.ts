import type { Call } from './engine.ts'
import type { Failure, Result } from './result.ts'

/** What the thread is started with. */
export interface ThreadData {
  file: string
  busyTimeout: number
}

/** What the thread is asked: to do a batch of calls, to wait for no lock any more, or to close. */
export type Request = readonly Call[] | 'hurry' | 'close'

/** What it answers: first whether the file could be opened, then once for each batch, in their order. */
export type Reply = { results: readonly Result[] } | { error: Failure }
