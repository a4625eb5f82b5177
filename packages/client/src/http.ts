import type { RetrySchedule } from '@luma-callback/core'
import { backoffDelay, pause, printable, readRetryAfter, systemClock } from '@luma-callback/core/internal'
import { z } from 'zod'
import { readText } from './answer-text.ts'
import { ApiError, isApiError, refusedBy } from './errors.ts'
import { hideKey, withoutKey } from './hide-key.ts'

export interface HttpSettings {
  baseUrl: string
  apiKey: string
  fetch: typeof fetch
  /** Milliseconds for one request. */
  timeout: number
  retry: RetrySchedule
}

export interface ApiRequest<Data> {
  /** For messages, such as `modify`. */
  what: string
  method: 'GET' | 'POST'
  path: string
  query?: Readonly<Record<string, string>>
  body?: unknown
  /** The schema of the envelope's `data`. */
  schema: z.ZodType<Data>
  signal: AbortSignal | undefined
  /** True if the request may be sent again after this error. Default: the error's `retryable`. */
  mayRetry?: (error: ApiError) => boolean
}

const envelopeSchema = z.object({ code: z.int(), msg: z.string().nullish(), data: z.unknown() })

/** The longest `Retry-After` that is honored, in milliseconds. A longer one is likely a mistake: one request an hour does no harm. */
const LONGEST_REST = 60 * 60_000

/** Sends a request, and sends it again after errors that can pass. */
export async function call<Data>(request: ApiRequest<Data>, settings: HttpSettings): Promise<Data> {
  const { signal = new AbortController().signal, mayRetry = ({ retryable }) => retryable } = request
  const { retry } = settings
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(request, settings, signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!isApiError(error)) throw error
      const delay = Math.max(error.retryAfter ?? 0, backoffDelay(attempt, retry, Math.random()))
      if (!mayRetry(error) || attempt >= retry.attempts || delay > retry.maxDelay) throw error
      await pause(delay, signal, systemClock)
      signal.throwIfAborted()
    }
  }
}

async function ask<Data>(request: ApiRequest<Data>, settings: HttpSettings, signal: AbortSignal): Promise<Data> {
  const { what, schema } = request
  const { status, retryAfter, text } = await send(request, settings, signal)
  const envelope = envelopeSchema.safeParse(parse(text))
  if (!envelope.success) {
    // A 404 without an envelope comes from a proxy, and says nothing about the task.
    if (status === 401 || status === 429 || status >= 500) throw refusedBy(what, status, '', retryAfter)
    const why = text === undefined ? 'it is too large' : 'it does not have the documented shape'
    throw unreadable(what, `${why}, with the status ${status}`)
  }
  const { code, msg, data } = envelope.data
  if (code !== 200) throw refusedBy(what, code, printable(hideKey(msg ?? '', settings.apiKey)), retryAfter)
  const read = schema.safeParse(data)
  if (!read.success) {
    const [issue] = read.error.issues
    throw unreadable(what, `data.${issue?.path.join('.')} ${issue?.message}`)
  }
  return read.data
}

interface Answer {
  status: number
  retryAfter: number | undefined
  /** Undefined if the answer is too large. */
  text: string | undefined
}

async function send(request: ApiRequest<unknown>, settings: HttpSettings, signal: AbortSignal): Promise<Answer> {
  const { what, method, path, query = {}, body } = request
  const { baseUrl, apiKey, timeout } = settings
  const url = `${baseUrl}${path}${method === 'GET' ? `?${new URLSearchParams(query).toString()}` : ''}`
  const late = AbortSignal.timeout(timeout)
  try {
    const response = await settings.fetch.call(undefined, url, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, accept: 'application/json', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A redirect would send the key to another host.
      redirect: 'error',
      signal: AbortSignal.any([late, signal]),
    })
    const asked = readRetryAfter(response.headers.get('retry-after'))
    const retryAfter = asked === undefined ? undefined : Math.min(LONGEST_REST, asked)
    return { status: response.status, retryAfter, text: await readText(response) }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (late.aborted) {
      const message = `${what}: no answer within ${timeout} ms`
      throw new ApiError(message, { code: 'ERR_LUMA_API_TIMEOUT', retryable: true, mayHaveActed: true })
    }
    throw cut(what, error, apiKey)
  }
}

/** Error codes that prove that the request did not reach the API. */
const UNREACHED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function cut(what: string, error: unknown, apiKey: string): ApiError {
  // `fetch` says only that it failed; its `cause` has the reason.
  const { cause: reason = error } = (error ?? {}) as { cause?: unknown }
  const cause = withoutKey(reason, apiKey)
  const { code, message } = cause
  return new ApiError(`${what}: could not reach the API: ${printable(message || (code ?? cause.name))}`, {
    code: 'ERR_LUMA_API_CONNECTION',
    retryable: true,
    mayHaveActed: code === undefined || !UNREACHED.has(code),
    cause,
  })
}

function unreadable(what: string, why: string): ApiError {
  const message = `${what}: cannot read the API's answer: ${why}`
  return new ApiError(message, { code: 'ERR_LUMA_API_ANSWER', retryable: true, mayHaveActed: true })
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
