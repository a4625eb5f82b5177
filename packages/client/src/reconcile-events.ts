import type { LumaCallback, Received } from '@luma-callback/core'
import { printable } from '@luma-callback/core/internal'

/** What `reconcile` tells. */
export type ReconcileEvent =
  /**
   * A task had finished, and was handed to the receiver: `duplicate` if its callback was quicker, `conflict` if that said
   * something else, `dead` if its hook had failed for good. It is handed in again, after ever longer pauses, until it is done.
   */
  | { type: 'found'; callback: LumaCallback; recorded: Received }
  /** A task is older than `maxAge`, and nobody asks for it any more. `age` in milliseconds. */
  | { type: 'abandoned'; taskId: string; age: number }
  /** The API wants to be left alone, for `delay` milliseconds. */
  | { type: 'limited'; delay: number }
  /** The API could not be asked, or the receiver did not take it; it is tried again. */
  | { type: 'error'; taskId?: string; error: Error }

/** The default observer: what someone should look at goes to `console.error`. */
export function printTroubles(event: ReconcileEvent): void {
  const isRoutine = event.type === 'found' && (event.recorded === 'recorded' || event.recorded === 'duplicate')
  if (!isRoutine) console.error(describeReconcileEvent(event))
}

/** An event as a line for a log. */
export function describeReconcileEvent(event: ReconcileEvent): string {
  return `luma-callback: ${describe(event)}`
}

function describe(event: ReconcileEvent): string {
  switch (event.type) {
    case 'found':
      return `the ${event.callback.outcome} of task ${printable(event.callback.taskId)} was found with the API${RECEIVED[event.recorded]}`
    case 'abandoned':
      return `task ${printable(event.taskId)} has not finished after ${Math.round(event.age / 60_000)} minutes and is not asked for any more`
    case 'limited':
      return `the API wants to be left alone; the next question is in ${Math.round(event.delay / 1_000)} s`
    case 'error':
      return `${event.taskId === undefined ? 'open tasks' : `task ${printable(event.taskId)}`}: ${printable(event.error.message)}`
    default:
      return event satisfies never
  }
}

const RECEIVED = {
  recorded: '',
  duplicate: '; its callback had come before',
  conflict: '; a callback with another content had come before',
  dead: '; its hook had failed for good, so requeue it',
} as const
