import { setTimeout as sleep } from 'node:timers/promises'
import { randomTaskId, signedRequest, type SampleOptions } from '../samples.ts'
import { exchange, NoAnswer, type Answer, type Exchange } from './exchange.ts'
import { told, Unmet } from './unmet.ts'

/** The endpoint under audit, for the checks. */
export interface Endpoint {
  /** Its `webhookHmacKey`; empty if none was given. */
  readonly secret: string
  readonly isSecure: boolean
  /** Gives this number of different result URLs. */
  resultUrls(count: number): readonly string[]
  /** All answers so far. */
  readonly answers: readonly Answer[]
  /** Sends a callback, signed if there is a secret. The fields of `request` replace those of the callback's own request. */
  send(callback?: SampleOptions & { body?: string; timestamp?: number }, request?: Exchange): Promise<Answer>
  /** Sends any request. */
  request(request: Exchange): Promise<Answer>
  /** Resolves if a valid callback is answered 200 a moment later, and rejects with {@link Unmet} if not. */
  thrives(): Promise<void>
  /** Asks the probe how often the task was handled; rejects with {@link NoAnswer} if it does not say. */
  count(taskId: string): Promise<number>
  /** Resolves if the probe says that the task was handled this number of times, and rejects with {@link Unmet} if not. */
  handled(taskId: string, times: number): Promise<void>
}

/** The time for hooks to run after the answer, in milliseconds. */
const HOOK_PATIENCE = 5_000
/** The time to wait for a hook that must not run, in milliseconds. */
const QUIET = 300
const POLL = 50
/** A request may crash the server a moment after its answer. */
const AFTERMATH = 50

/** The address of the endpoint, and its options. */
export interface Target {
  url: string
  secret?: string | undefined
  probe?: string | undefined
  resultUrl: string
  signal: AbortSignal
}

export function openEndpoint({ url, secret, probe, resultUrl, signal }: Target): Endpoint {
  const answers: Answer[] = []

  async function request(options: Exchange): Promise<Answer> {
    const either = options.signal ? AbortSignal.any([signal, options.signal]) : signal
    const answer = await exchange(url, { ...options, signal: either })
    answers.push(answer)
    return answer
  }

  async function count(taskId: string): Promise<number> {
    const answer = await exchange(probe ?? '', { method: 'GET', query: { taskId }, signal })
    const handled = handledIn(answer)
    if (handled === undefined) {
      throw new NoAnswer(`the probe answered ${answer.status} without {"handled": <number>}`)
    }
    return handled
  }

  function send(...[callback = {}, { headers, ...rest } = {}]: Parameters<Endpoint['send']>): Promise<Answer> {
    const sample = { resultUrls: [numbered(resultUrl, 0)], ...callback, ...(secret !== undefined && { secret }) }
    const { body, headers: own } = signedRequest(sample)
    return request({ body, headers: { ...own, ...headers }, ...rest })
  }

  return {
    secret: secret ?? '',
    isSecure: new URL(url).protocol === 'https:',
    resultUrls: (many) => Array.from({ length: many }, (_, index) => numbered(resultUrl, index)),
    answers,
    request,
    send,
    count,
    async thrives() {
      await sleep(AFTERMATH)
      const answer = await send().catch((error: Error) => {
        throw new Unmet(`after it, a valid callback got no answer: ${error.message}`, { cause: error })
      })
      if (answer.status !== 200) throw new Unmet(`after it, a valid callback was answered ${told(answer)}`)
    },
    async handled(taskId, times) {
      const latest = Date.now() + HOOK_PATIENCE
      while ((await count(taskId)) < times && Date.now() < latest) await sleep(POLL)
      await sleep(QUIET)
      const handled = await count(taskId)
      if (handled !== times) throw new Unmet(`handled ${handled} times, not ${times}`)
    },
  }
}

/** A task that no check has used before. */
export function newTask(): { taskId: string } {
  return { taskId: randomTaskId() }
}

function numbered(resultUrl: string, index: number): string {
  const url = new URL(resultUrl)
  url.searchParams.set('n', String(index))
  return url.href
}

function handledIn({ text }: Answer): number | undefined {
  try {
    const { handled } = JSON.parse(text) as { handled?: unknown }
    return typeof handled === 'number' ? handled : undefined
  } catch {
    return undefined
  }
}
