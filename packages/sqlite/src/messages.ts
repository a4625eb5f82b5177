import type { Call } from './engine.ts'

/** What the thread is started with. */
export interface ThreadData {
  file: string
  busyTimeout: number
}

/** What the thread is asked: to do a batch of calls, to wait for no lock any more, or to close. */
export type Request = readonly Call[] | 'hurry' | 'close'

/** What it answers: first whether the file could be opened, then once for each batch, in their order. */
export type Reply = { results: readonly Result[] } | { error: Failure }

/** What became of one call of a batch. */
export type Result = { value: unknown } | { error: Failure }

/** A failure, as it crosses from thread to thread; an error's own fields would not. */
export interface Failure {
  message: string
  /** SQLite's result code. */
  errcode: number | undefined
}

export function toFailure(error: unknown): Failure {
  const { message, errcode } = error as Error & { errcode?: number }
  return { message, errcode }
}
