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

/** SQLite's result codes: a lock that another connection has. */
export const BUSY = 5
/** A lock of readers that SQLite could not take in a hundred tries, which last about ten seconds. */
export const PROTOCOL = 15

/** An error's result code, less what SQLite adds in the upper bits; 0 for an error that is none of SQLite's. */
export function resultCode(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff
}
