const MOST_BYTES = 256
const CONTROL = /\p{Cc}/u

/**
 * What is wrong with a task id, or undefined. Lone surrogates are refused because 2 048 different ids
 * would share one UTF-8 form, and with it one signature and one key.
 */
export function taskIdProblem(id: string): string | undefined {
  if (id === '') return 'is empty'
  if (id.length > MOST_BYTES || Buffer.byteLength(id) > MOST_BYTES) return `is longer than ${MOST_BYTES} bytes`
  if (!id.isWellFormed()) return 'is not well-formed text (a lone surrogate)'
  if (CONTROL.test(id)) return 'contains control characters'
  return undefined
}
