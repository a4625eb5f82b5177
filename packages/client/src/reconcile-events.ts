import type { LumaCallback, Received } from '@luma-callback/core'
import { printable } from '@luma-callback/core/internal'

/** The events of `reconcile`. */
export type ReconcileEvent =
  /**
   * A finished task was given to the receiver. `duplicate`: its callback arrived first. `conflict`: its callback arrived first,
   * with other content. `dead`: its hook has failed for good. It is given again, after longer and longer pauses, until its
   * hook is done.
   */
  | { type: 'found'; callback: LumaCallback; recorded: Received }
  /** A task is older than `maxAge`, so the reconciler has given up on it. `age` is in milliseconds. */
  | { type: 'abandoned'; taskId: string; age: number }
  /** The API answered 429. The next request is in `delay` milliseconds. */
  | { type: 'limited'; delay: number }
  /** The API, the list of tasks or the receiver failed. The next sweep tries again. */
  | { type: 'error'; taskId?: string; error: Error }

/** The default observer: prints the events that need attention with `console.error`. */
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
      return `the API reports the ${event.callback.outcome} of task ${printable(event.callback.taskId)}${RECEIVED[event.recorded]}`
    case 'abandoned':
      return `gave up on task ${printable(event.taskId)}, which has not finished after ${Math.round(event.age / 60_000)} minutes`
    case 'limited':
      return `the API limits the rate of requests; the next one is in ${Math.round(event.delay / 1_000)} s`
    case 'error':
      return `${event.taskId === undefined ? 'open tasks' : `task ${printable(event.taskId)}`}: ${printable(event.error.message)}`
    default:
      return event satisfies never
  }
}

const RECEIVED = {
  recorded: '',
  duplicate: '; its callback arrived earlier',
  conflict: '; a callback with other content arrived earlier',
  dead: '; its hook has failed for good, so requeue it',
} as const
