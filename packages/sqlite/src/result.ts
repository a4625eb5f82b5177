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
