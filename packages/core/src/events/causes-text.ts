import { causesOf, messageOf } from '../errors/causes.ts'
import { printable } from '../internal/printable.ts'

/**
 * What the causes of an error say, in one line: `fetch` only says that it failed, and why is in its cause. Of an AggregateError
 * the first few errors stand beside each other. Empty if there is nothing that the error does not say itself.
 */
export function causesText(error: Error): string {
  const told = [messageOf(error)]
  let text = ''
  for (const { error: cause, isBeside } of causesOf(error)) {
    const message = messageOf(cause)
    if (message === '' || told.some((earlier) => earlier === message || earlier.includes(`: ${message}`))) continue
    told.push(message)
    text += `${text && (isBeside ? '; ' : ': ')}${printable(message)}`
  }
  return text
}
