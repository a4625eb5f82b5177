/** Fit for a column and a line of a log. */
const PLAIN = /^[\w.:-]{1,64}$/

/**
 * The code that an error carries: ours, or one of Node or of a library, such as `ECONNREFUSED`. Undefined if it carries none
 * that is a short plain text, or if it cannot be read.
 */
export function codeOf(error: unknown): string | undefined {
  try {
    const { code } = error as { code?: unknown }
    return typeof code === 'string' && PLAIN.test(code) ? code : undefined
  } catch {
    return undefined
  }
}
