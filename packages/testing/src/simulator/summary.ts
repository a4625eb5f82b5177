import type { SimulatorDelivery } from './events.ts'
import type { SimulatorTask } from './events.ts'

/** How many of everything there were. */
export interface SimulatorSummary {
  /** API calls that were answered with another `code` than 200. */
  refused: number
  /** Tasks taken; each is generating, or has succeeded or failed. */
  submitted: number
  generating: number
  succeeded: number
  failed: number
  /** Tasks whose callback is not answered 200 yet and will be sent again, or for the first time. */
  pending: number
  /** Tasks whose callback was answered 200. */
  delivered: number
  /** Tasks whose callback was given up. */
  undelivered: number
  /** Deliveries of all kinds, and those of one kind. */
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
