import { codeOf } from '../errors/code-of.ts'
import type { LumaEvent } from './events.ts'

/** Characters of an address or of an error's name that are looked at. */
export const LONGEST_NAME = 64

/** What went well is silent, and so is an answer whose cause another event tells. */
export function isTrouble(event: LumaEvent): boolean {
  switch (event.type) {
    case 'rejected':
      return event.reason !== 'hook_failed' && event.reason !== 'store_unavailable' && event.reason !== 'error'
    case 'conflict':
    case 'forged':
    case 'retrying':
    case 'dead':
    case 'restored':
    case 'error':
      return true
    case 'received':
    case 'duplicate':
    case 'delivered':
    case 'recovered':
      return false
    default:
      return event satisfies never
  }
}

/** A failure that no hook took, and a stored callback that cannot be read: their line is all that tells which task it was. */
const ONE_LINE_EACH: ReadonlySet<string> = new Set(['ERR_LUMA_NO_HOOK', 'ERR_LUMA_UNRECOVERABLE'])

/**
 * Names the kind of an event; undefined for an event that always has its own line. A dead task is lost unless someone acts, and
 * its line may be all that is left of it. A task that is dead because its callback was forged has lost nothing.
 */
export function kindOf(event: LumaEvent): string | undefined {
  switch (event.type) {
    case 'rejected':
      return `${event.type} ${event.reason}`
    case 'retrying':
      return `${event.type} ${event.by} ${nameOf(event.error)}`
    case 'error':
      return ONE_LINE_EACH.has(nameOf(event.error)) ? undefined : `${event.type} ${nameOf(event.error)}`
    case 'dead':
      return nameOf(event.error) === 'ERR_LUMA_FORGED' ? 'dead forged' : undefined
    default:
      return event.type
  }
}

function nameOf(error: Error): string {
  return codeOf(error) ?? error.name.slice(0, LONGEST_NAME)
}
