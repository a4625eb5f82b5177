import type { SimulatorDelivery } from './events.ts'
import type { SimulatorTask } from './events.ts'

/** The counts of a simulator. */
export interface SimulatorSummary {
  /** API calls that got a `code` other than 200. */
  refused: number
  /** Accepted tasks. Each is generating, or has succeeded or failed. */
  submitted: number
  generating: number
  succeeded: number
  failed: number
  /** Tasks whose callback will be sent, for the first time or again. */
  pending: number
  /** Tasks whose callback was answered 200. */
  delivered: number
  /** Tasks whose callback failed for good. */
  undelivered: number
  /** All deliveries; the next three count one kind each. */
  deliveries: number
  retries: number
  duplicates: number
  contradictions: number
}

interface Counted {
  tasks: readonly SimulatorTask[]
  deliveries: readonly SimulatorDelivery[]
  refused: number
}

export function summarize({ tasks, deliveries, refused }: Counted): SimulatorSummary {
  const inState = (state: SimulatorTask['state']) => tasks.filter((task) => task.state === state).length
  const calledBack = (callback: SimulatorTask['callback']) => tasks.filter((task) => task.callback === callback).length
  const ofKind = (kind: SimulatorDelivery['kind']) => deliveries.filter((delivery) => delivery.kind === kind).length
  return {
    refused,
    submitted: tasks.length,
    generating: inState('generating'),
    succeeded: inState('success'),
    failed: inState('failure'),
    pending: calledBack('pending'),
    delivered: calledBack('delivered'),
    undelivered: calledBack('undelivered'),
    deliveries: deliveries.length,
    retries: ofKind('retry'),
    duplicates: ofKind('duplicate'),
    contradictions: ofKind('contradiction'),
  }
}
