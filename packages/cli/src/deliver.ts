import { setTimeout as sleep } from 'node:timers/promises'

/** A callback to send. */
export interface Sample {
  /** Absent if the callback has none. */
  taskId?: string
  request: { method: 'POST'; headers: Record<string, string>; body: string | Buffer<ArrayBuffer> }
}

/** A callback that was sent, and its answer. */
export interface Delivery {
  /** Absent if the callback has none. */
  taskId?: string
  kind: 'first' | 'duplicate'
  /** Absent if there was no answer. */
  status?: number
  /** Why there was no answer. */
  error?: string
  /** The beginning of the answer's body. */
  answer: string
  /** The target of a redirect. */
  location?: string
  /** Milliseconds. */
  duration: number
}

export interface DeliverOptions {
  url: string
  /** Milliseconds to wait for an answer. */
  timeout: number
  /** Stops all deliveries. */
  signal: AbortSignal
}

export interface DeliverAllOptions extends DeliverOptions {
  /** The number of callbacks, without duplicates. */
  count: number
  /** Makes the next callback. */
  next: () => Sample
  /** The number of duplicates of each callback. */
  duplicate: number
  /** The most callbacks at the same time. */
  concurrency: number
  /** The most callbacks that start in a second. */
  rate?: number
  onDelivery: (delivery: Delivery) => void
}

/** Sends all callbacks, as fast as the answers and the rate allow. Never rejects. */
export async function deliverAll(options: DeliverAllOptions): Promise<void> {
  const { count, next, duplicate, concurrency, rate = Infinity, signal, onDelivery } = options
  const start = performance.now()
  let begun = 0

  async function work(): Promise<void> {
    while (begun < count && !signal.aborted) {
      const wait = start + (begun++ * 1_000) / rate - performance.now()
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {})
      const { request, ...task } = next()
      for (let copy = 0; copy <= duplicate && !signal.aborted; copy++) {
        const result = await deliver(request, options)
        // A delivery that we stopped says nothing about the receiver.
        if (signal.aborted && result.status === undefined) return
        onDelivery({ ...task, kind: copy === 0 ? 'first' : 'duplicate', ...result })
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work))
}

type Result = Omit<Delivery, 'taskId' | 'kind'>

const MOST_ANSWER = 1_000

/** Posts a callback and follows no redirect, like the provider. Only the status counts; the body may break off. */
async function deliver(request: Sample['request'], { url, timeout, signal }: DeliverOptions): Promise<Result> {
  const start = performance.now()
  const timer = AbortSignal.timeout(timeout)
  try {
    const response = await fetch(url, { ...request, redirect: 'manual', signal: AbortSignal.any([signal, timer]) })
    const location = response.headers.get('location')
    const answer = await beginningOf(response)
    const { status } = response
    return { status, answer, duration: since(start), ...(location !== null && { location }) }
  } catch (error) {
    const reason = timer.aborted ? `no answer within ${timeout} ms` : reasonOf(error)
    return { error: reason, answer: '', duration: since(start) }
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length >= MOST_ANSWER) break
    }
  } catch {
    // The answer broke off; its beginning may say why.
  }
  return text.slice(0, MOST_ANSWER)
}

/** `fetch` says only that it failed. The reason is in its cause, or, with several addresses, in the errors of the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}

function since(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10
}
