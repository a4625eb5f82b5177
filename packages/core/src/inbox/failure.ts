import { causesOf } from '../errors/causes.ts'
import { codeOf } from '../errors/code-of.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import { causesText } from '../events/causes-text.ts'
import { printable } from '../internal/printable.ts'

/** What ended a run that failed, as an inbox keeps it. */
export interface JobFailure {
  /** For people: what the error and its causes say, in one printable line of at most 2 000 characters. */
  readonly text: string
  /** For programs: our `code`, else one of Node or of a library, such as `ECONNREFUSED`. At most 64 plain characters. */
  readonly code: string | undefined
}

const LONGEST_TEXT = 2_000
/** Of the error itself, so that there is room for its causes. */
const LONGEST_MESSAGE = 1_000

export function failureOf(error: Error): JobFailure {
  const { name, message } = error
  const own = printable(message === '' ? name : `${name}: ${message}`, { most: LONGEST_MESSAGE })
  const causes = causesText(error)
  // A character of two halves may have been cut in two, and some engines can keep no half.
  const text = `${own}${causes && `: ${causes}`}`.slice(0, LONGEST_TEXT).toWellFormed()
  return { text, code: codeOfFailure(error) }
}

/**
 * A code of ours counts only where an error of ours is what was thrown: by it a verdict of `trust` is told, and a hook that
 * failed because of an error of ours is another matter.
 */
function codeOfFailure(error: Error): string | undefined {
  if (isLumaError(error)) return codeOf(error)
  const codes = [error, ...causesOf(error).map((cause) => cause.error)].map(codeOf)
  return codes.find((code) => code !== undefined && !code.startsWith('ERR_LUMA_'))
}
