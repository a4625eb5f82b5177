import { codeOf } from './code-of.ts'
import { toError } from './errors.ts'

/** The most causes of one error that are read. There may be very many, or a cycle. */
const MOST_CAUSES = 8
/** The most errors of an AggregateError that are read. It has one for each address of a host. */
const MOST_TOGETHER = 3

/** A cause of an error. */
export interface Cause {
  error: Error
  /** True if it is next to the previous one, in an AggregateError, and not its cause. */
  isBeside: boolean
}

/** The causes of an error, the nearest first. Never throws, even if `cause` or `errors` hold hostile values. */
export function causesOf(error: Error): Cause[] {
  const causes: Cause[] = []
  const seen = new Set<unknown>([error])

  function add(thrown: unknown, isBeside: boolean): void {
    if (seen.has(thrown) || causes.length >= MOST_CAUSES) return
    seen.add(thrown)
    const cause = toError(thrown)
    causes.push({ error: cause, isBeside })
    look(cause)
  }

  function look(effect: Error): void {
    for (const [index, thrown] of behind(effect).entries()) add(thrown, index > 0)
  }

  look(error)
  return causes
}

/** What an error says, without its name. */
export function messageOf(error: Error): string {
  const isTold = error.message !== '' || behind(error).length > 0
  return isTold ? error.message : (codeOf(error) ?? error.name)
}

function behind(error: Error): readonly unknown[] {
  try {
    const { cause, errors } = error as { cause?: unknown; errors?: unknown }
    const together = Array.isArray(errors) ? (errors as unknown[]).slice(0, MOST_TOGETHER) : []
    // Other errors have lists of that name too, of whatever they are about.
    const thrown = together.filter((each) => toError(each) === each)
    return cause === undefined || cause === null ? thrown : [cause, ...thrown]
  } catch {
    return []
  }
}
