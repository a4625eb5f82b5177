import { setTimeout as sleep } from 'node:timers/promises'

/** A callback to send. */
export interface Sample {
  /** Absent if it names none. */
  taskId?: string
  request: { method: 'POST'; headers: Record<string, string>; body: string | Buffer<ArrayBuffer> }
}

/** A callback that was sent, and what came of it. */
export interface Delivery {
  /** Absent if what was sent names none. */
  taskId?: string
  kind: 'first' | 'duplicate'
  /** Absent if there was no answer. */
  status?: number
  /** Why there was no answer. */
  error?: string
  /** The beginning of the answer's body. */
  answer: string
  /** Where a redirect leads. */
  location?: string
  /** Milliseconds. */
  duration: number
}

export interface DeliverOptions {
  url: string
  /** Milliseconds until an answer must be there. */
  timeout: number
  /** Breaks off what is under way, and sends nothing more. */
  signal: AbortSignal
}

export interface DeliverAllOptions extends DeliverOptions {
  /** How many callbacks, each with its duplicates. */
  count: number
  /** Makes the next one. */
  next: () => Sample
  /** How often each is sent again after its answer. */
  duplicate: number
  /** At once at most. */
  concurrency: number
  /** Callbacks begun a second at most. */
  rate?: number
  onDelivery: (delivery: Delivery) => void
}

/** Sends them all, as fast as they are answered or the rate lets them go. Never rejects. */
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
        // One that we broke off ourselves says nothing of the receiver.
        if (signal.aborted && result.status === undefined) return
        onDelivery({ ...task, kind: copy === 0 ? 'first' : 'duplicate', ...result })
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work))
}

type Result = Omit<Delivery, 'taskId' | 'kind'>

const MOST_ANSWER = 1_000

/** Posts one and follows no redirect, as the provider. The status is what counts, whatever becomes of the body. */
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
    // It broke off; what came of it may say why.
  }
  return text.slice(0, MOST_ANSWER)
}

/** `fetch` says only that it failed; the reason is in the cause, and where several addresses were tried, in those of it. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}

function since(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10
}
