import { performance } from 'node:perf_hooks'
import { sampleBody, signedRequest } from '../samples.ts'
import { deliver } from './delivery.ts'
import type { Emit, SimulatorDelivery } from './events.ts'
import type { Settings } from './options.ts'
import { pause } from './pause.ts'
import type { Task } from './task.ts'

export interface Courier {
  /** Every delivery that is over, in the order in which they ended. */
  readonly deliveries: readonly SimulatorDelivery[]
  /**
   * Calls a finished task back until it is answered 200 or the retries are used up, and then once more where the
   * plan says so. `onFirst` is called when the first delivery is over.
   */
  callBack(task: Task, url: string, onFirst: () => void): Promise<void>
}

export interface CourierOptions {
  settings: Settings
  emit: Emit
  /** Ends all deliveries and pauses. */
  signal: AbortSignal
  /** The URL that only a contradiction of this task tells. */
  otherUrl: (task: Task) => string
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
      const delay = pauseBefore(attempt)
      emit({ type: 'retrying', delivery, delay })
      await pause(delay, signal)
      if (signal.aborted) return
    }
  }

  /** What comes after a 200. It is sent once, whatever is answered: the provider has its 200. */
  async function sendMore(task: Task, { url, body, attempt }: { url: string; body: string; attempt: number }) {
    const { isDuplicated, contradiction } = task.plan
    const more: { kind: 'duplicate' | 'contradiction'; body: string }[] = []
    if (isDuplicated) more.push({ kind: 'duplicate', body })
    if (contradiction !== 'none') more.push({ kind: 'contradiction', body: contradict(task, contradiction) })
    for (const [index, each] of more.entries()) {
      await pause(pauseBefore(1), signal)
      if (signal.aborted) return
      const delivery = await send(task, { url, attempt: attempt + index + 1, ...each })
      if (signal.aborted) return
      emit({ type: delivery.status === 200 ? 'delivered' : 'undelivered', delivery })
    }
  }

  async function send(task: Task, sent: Pick<SimulatorDelivery, 'attempt' | 'kind'> & { url: string; body: string }) {
    const { url, body, attempt, kind } = sent
    const { taskId, plan } = task
    const manner = plan.manner(attempt)
    const sentAt = Date.now()
    const start = performance.now()
    const result = await deliver({
      url,
      body,
      // Signed anew each time: a receiver refuses what was signed too long ago.
      headers: signedRequest({ taskId, body, ...(settings.secret !== undefined && { secret: settings.secret }) })
        .headers,
      // One that never arrives would show nobody a duplicate.
      manner: manner === 'cut' && (kind === 'duplicate' || kind === 'contradiction') ? 'whole' : manner,
      timeout: settings.deliveryTimeout,
      signal,
    })
    const delivery = { taskId, attempt, kind, sentAt, duration: performance.now() - start, ...result }
    deliveries.push(delivery)
    return delivery
  }

  function pauseBefore(retry: number): number {
    return settings.retryPause[retry - 1] ?? settings.retryPause.at(-1) ?? 0
  }

  function contradict(task: Task, kind: 'outcome' | 'resultUrls'): string {
    const isSuccess = kind === 'resultUrls' || task.state === 'failure'
    return successOrFailure(task, isSuccess, [otherUrl(task)])
  }

  return { deliveries, callBack }
}

function successOrFailure({ taskId, promptJson }: Task, isSuccess: boolean, resultUrls: readonly string[]): string {
  return sampleBody({ taskId, promptJson, outcome: isSuccess ? 'success' : 'failure', resultUrls })
}
