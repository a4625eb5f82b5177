import { printable, type LumaCallback, type Received } from '@luma-callback/core'

/** What `reconcile` tells. */
export type ReconcileEvent =
  /** A task had finished, and was handed to the receiver; `duplicate` if its callback was quicker; `dead` if its hook
   * failed for good. */
  | { type: 'found'; callback: LumaCallback; recorded: Received }
  /** A task is older than `maxAge`, and nobody asks for it any more. `age` in milliseconds. */
  | { type: 'abandoned'; taskId: string; age: number }
  /** The API wants to be left alone, for `delay` milliseconds. */
  | { type: 'limited'; delay: number }
  /** The API could not be asked, or the receiver did not take it; it is tried again. */
  | { type: 'error'; taskId?: string; error: Error }

/** An event as a line for a log. */
export function describeReconcileEvent(event: ReconcileEvent): string {
  return `luma-callback: ${describe(event)}`
}

function describe(event: ReconcileEvent): string {
  switch (event.type) {
    case 'found':
      return `the ${event.callback.outcome} of task ${printable(event.callback.taskId)} was found with the API (${event.recorded})`
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
