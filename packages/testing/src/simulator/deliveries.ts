import { performance } from 'node:perf_hooks'
import { sampleBody, signedRequest } from '../samples.ts'
import { deliver } from './delivery.ts'
import type { Emit, SimulatorDelivery } from './events.ts'
import type { SimulatorSettings } from './options.ts'
import { pause } from './pause.ts'
import type { Task } from './task.ts'

export interface Courier {
  /** All finished deliveries, in the order of their ends. */
  readonly deliveries: readonly SimulatorDelivery[]
  /**
   * Calls a finished task back until the answer is 200 or the retries are used up. Then sends the duplicate and the
   * contradiction of the plan, if any. Calls `onFirst` after the first delivery.
   */
  callBack(task: Task, url: string, onFirst: () => void): Promise<void>
}

export interface CourierOptions {
  settings: SimulatorSettings
  emit: Emit
  /** Ends all deliveries and pauses. */
  signal: AbortSignal
  /** Gives the result URL that only a contradiction of this task has. */
  otherUrl: (task: Task) => string
}

/** One delivery to make. */
interface Sending extends Pick<SimulatorDelivery, 'attempt' | 'kind'> {
  url: string
  body: string
}

export function createCourier({ settings, emit, signal, otherUrl }: CourierOptions): Courier {
  const deliveries: SimulatorDelivery[] = []

  async function callBack(task: Task, url: string, onFirst: () => void): Promise<void> {
    const body = successOrFailure(task, task.state === 'success', task.resultUrls)
    for (let attempt = 1; ; attempt++) {
      const delivery = await send(task, { url, body, attempt, kind: attempt === 1 ? 'first' : 'retry' })
      if (attempt === 1) onFirst()
      if (signal.aborted) return
      if (delivery.status === 200) {
        task.callback = 'delivered'
        emit({ type: 'delivered', delivery })
        return sendMore(task, { url, body, attempt })
      }
      if (attempt > settings.retries) {
        task.callback = 'undelivered'
        return emit({ type: 'undelivered', delivery })
      }
      const delay = pauseBefore(attempt, settings)
      emit({ type: 'retrying', delivery, delay })
      await pause(delay, signal)
      if (signal.aborted) return
    }
  }

  /** The deliveries after a 200. They are never retried, because the provider has its 200. */
  async function sendMore(task: Task, { url, body, attempt }: Omit<Sending, 'kind'>): Promise<void> {
    const { isDuplicated, contradiction } = task.plan
    const more: Pick<Sending, 'kind' | 'body'>[] = []
    if (isDuplicated) more.push({ kind: 'duplicate', body })
    if (contradiction !== 'none') {
      more.push({ kind: 'contradiction', body: contradict(task, contradiction, otherUrl(task)) })
    }
    for (const [index, each] of more.entries()) {
      await pause(pauseBefore(1, settings), signal)
      if (signal.aborted) return
      const delivery = await send(task, { url, attempt: attempt + index + 1, ...each })
      if (signal.aborted) return
      emit({ type: delivery.status === 200 ? 'delivered' : 'undelivered', delivery })
    }
  }

  async function send(task: Task, sending: Sending): Promise<SimulatorDelivery> {
    const delivery = await post(task, sending, { settings, signal })
    deliveries.push(delivery)
    return delivery
  }

  return { deliveries, callBack }
}

async function post(
  { taskId, plan }: Task,
  { url, body, attempt, kind }: Sending,
  { settings: { secret, deliveryTimeout }, signal }: Pick<CourierOptions, 'settings' | 'signal'>,
): Promise<SimulatorDelivery> {
  const manner = plan.manner(attempt)
  const sentAt = Date.now()
  const start = performance.now()
  const result = await deliver({
    url,
    body,
    // Each delivery has its own signature, because a receiver refuses old ones.
    headers: signedRequest({ taskId, body, ...(secret !== undefined && { secret }) }).headers,
    // A duplicate or contradiction that never arrives would test nothing.
    manner: manner === 'cut' && (kind === 'duplicate' || kind === 'contradiction') ? 'whole' : manner,
    timeout: deliveryTimeout,
    signal,
  })
  return { taskId, attempt, kind, sentAt, duration: performance.now() - start, ...result }
}

function pauseBefore(retry: number, { retryPause }: SimulatorSettings): number {
  return retryPause[retry - 1] ?? retryPause.at(-1) ?? 0
}

function contradict(task: Task, kind: 'outcome' | 'resultUrls', otherUrl: string): string {
  const isSuccess = kind === 'resultUrls' || task.state === 'failure'
  return successOrFailure(task, isSuccess, [otherUrl])
}

function successOrFailure({ taskId, promptJson }: Task, isSuccess: boolean, resultUrls: readonly string[]): string {
  return sampleBody({ taskId, promptJson, outcome: isSuccess ? 'success' : 'failure', resultUrls })
}
