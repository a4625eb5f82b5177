import { codeOf } from '../errors/code-of.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import { causesText } from './causes-text.ts'
import type { LumaEvent } from './events.ts'
import { printable } from '../internal/printable.ts'

/** In characters. Behind a proxy the address comes from a header, and may be any text. */
const LONGEST_ADDRESS = 64

/**
 * An event as text for a log: one line, followed by the frames of an error's stack. Foreign text is shortened and its control
 * characters are escaped, so that it cannot fake log lines or control a terminal.
 *
 * @example
 * ```ts
 * import { describeEvent, lumaCallback } from '@luma-callback/express'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   observe: (event) => console.log(describeEvent(event)),
 * })
 * ```
 */
export function describeEvent(event: LumaEvent): string {
  return `luma-callback: ${describe(event)}`
}

function describe(event: LumaEvent): string {
  switch (event.type) {
    case 'received':
      return `received the ${event.callback.outcome} of task ${name(event)}`
    case 'rejected':
      return `answered ${event.status} ${event.reason}${withAddress(event, 'to')}${event.taskId === undefined ? '' : ` for task ${name(event)}`}: ${printable(event.detail ?? event.message)}`
    case 'duplicate':
      return `task ${name(event)} was here before and is not handled again`
    case 'conflict':
      return `task ${name(event)} was called back again${withAddress(event, 'by')} with another content (${event.callback.outcome}, code ${event.callback.code}); it is not handled, confirm with the API which is true`
    case 'forged':
      return `task ${name(event)} is not as its callback says: ${errorText(event.error)}`
    case 'delivered':
      return `the hook for task ${name(event)} is done (attempt ${event.attempt}, ${Math.round(event.duration)} ms)`
    case 'retrying':
      return `the hook for task ${name(event)} failed (attempt ${event.attempt}), ${event.by === 'inbox' ? `next run in ${event.delay} ms` : 'the provider is asked to send again'}: ${errorText(event.error)}`
    case 'dead':
      return `the hook for task ${name(event)} failed for good (attempt ${event.attempt}): ${errorText(event.error)}`
    case 'recovered':
      return `task ${name(event)} had been cut off and is delivered again (attempt ${event.attempt})`
    case 'restored':
      return `the ${event.store === 'inbox' ? 'inbox' : 'dedupe store'} works again, ${(event.duration / 1_000).toFixed(1)} s after it first failed`
    case 'error':
      return `${event.taskId === undefined ? '' : `task ${name(event)}: `}${errorText(event.error)}`
    default:
      return event satisfies never
  }
}

function withAddress({ address }: { address?: string }, word: 'to' | 'by'): string {
  return address === undefined ? '' : ` ${word} ${printable(address, { most: LONGEST_ADDRESS })}`
}

function name(event: LumaEvent): string {
  return printable('callback' in event ? event.callback.taskId : 'taskId' in event ? (event.taskId ?? '') : '')
}

function errorText(error: Error): string {
  const { message } = error
  const code = codeOf(error)
  const causes = causesText(error)
  const what = `${printable(error.name)}${code === undefined ? '' : ` [${code}]`}: ${printable(message)}`
  return [causes === '' ? what : `${what} (cause: ${causes})`, ...frames(error)].join('\n')
}

const MOST_FRAMES = 10

/**
 * The frames of the user's own errors, which help to fix a hook; frames of our errors do not help. They are searched after the
 * message, because the message may contain lines that look like frames.
 */
function frames(error: Error): string[] {
  const { message, stack = '' } = error
  if (isLumaError(error)) return []
  const start = stack.indexOf(message)
  if (start === -1) return []
  const lines = stack.slice(start + message.length).split('\n')
  return lines
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => printable(line))
}
