import { randomBytes, randomUUID } from 'node:crypto'
import {
  isLumaError,
  parseCallback,
  sign,
  type LumaCallback,
  type LumaFailure,
  type LumaSuccess,
} from '@luma-callback/core'
import {
  checkOptions,
  date,
  integer,
  list,
  object,
  oneOf,
  optional,
  someText,
  text,
  type Rules,
} from '@luma-callback/core/internal'

/** What a sample is to be like; whatever is left out is as the provider documents it. */
export interface SampleOptions {
  /** Default: a random one, 32 hexadecimal digits like the provider's. */
  taskId?: string | undefined
  /** Default: `'success'`. */
  outcome?: LumaCallback['outcome'] | undefined
  /** Default: 200 on success, 500 on failure. */
  code?: number | undefined
  msg?: string | undefined
  /** Of a success. Default: one URL of a host that does not exist. */
  resultUrls?: readonly string[] | undefined
  prompt?: string | undefined
  videoUrl?: string | undefined
  callBackUrl?: string | undefined
  /** The original request as text, in place of the one that `prompt`, `videoUrl` and `callBackUrl` make. */
  promptJson?: string | undefined
  /** Fields that the documentation does not name, put beside `code`, `msg` and `data`. */
  extra?: Readonly<Record<string, unknown>> | undefined
}

/** How a sample callback comes out of the receiver. */
export interface SampleCallbackOptions extends SampleOptions {
  /** The query of the URL that was called. */
  query?: Readonly<Record<string, string>> | undefined
  /** Default: now. */
  receivedAt?: Date | undefined
  /** What it is recorded under. Default: task id and outcome. */
  key?: string | undefined
}

/** A request ready to be sent: `fetch(url, signedRequest({ secret }))`. */
export interface SampleRequest {
  method: 'POST'
  headers: Record<string, string>
  body: string
}

export interface SignedRequestOptions extends SampleOptions {
  /** The `webhookHmacKey` that the receiver knows. Left out: a request without a signature. */
  secret?: string | undefined
  /** When it was signed, in Unix seconds. Default: now. */
  timestamp?: number | undefined
  /** The body, in place of the one that the other options make; it is signed for `taskId`, or for the id in it. */
  body?: string | undefined
}

const RULES: Rules<Required<SampleOptions>> = {
  taskId: optional(text()),
  outcome: optional(oneOf(['success', 'failure'])),
  code: optional(integer({ least: Number.MIN_SAFE_INTEGER })),
  msg: optional(text()),
  resultUrls: optional(list((entry) => typeof entry === 'string', 'texts')),
  prompt: optional(text()),
  videoUrl: optional(text()),
  callBackUrl: optional(text()),
  promptJson: optional(text()),
  extra: optional(object()),
}

const CALLBACK_RULES: Rules<Required<SampleCallbackOptions>> = {
  ...RULES,
  query: optional(object()),
  receivedAt: optional(date),
  key: optional(text()),
}

const REQUEST_RULES: Rules<Required<SignedRequestOptions>> = {
  ...RULES,
  secret: optional(someText),
  timestamp: optional(integer({ least: 0, unit: 'seconds' })),
  body: optional(text()),
}

/**
 * A callback as a hook is given it, for tests of hooks: `await onSuccess(sampleCallback(), context)`. Its `raw` is
 * the body that the provider would send.
 *
 * @throws InvalidCallbackError (`ERR_LUMA_INVALID_CALLBACK`) if what was asked for is no callback.
 */
export function sampleCallback(options?: SampleCallbackOptions & { outcome?: 'success' }): LumaSuccess
export function sampleCallback(options: SampleCallbackOptions & { outcome: 'failure' }): LumaFailure
export function sampleCallback(options?: SampleCallbackOptions): LumaCallback
export function sampleCallback(options: SampleCallbackOptions = {}): LumaCallback {
  checkOptions('sampleCallback', options, CALLBACK_RULES)
  const { query = {}, receivedAt = new Date(), key } = options
  return parseCallback({ raw: sampleBody(options), query, receivedAt, ...(key !== undefined && { key }) })
}

/** A request as the provider would send it, signed if there is a `secret`, for tests of a running receiver. */
export function signedRequest(options: SignedRequestOptions = {}): SampleRequest {
  checkOptions('signedRequest', options, REQUEST_RULES)
  const { secret, timestamp = Math.floor(Date.now() / 1000), taskId = idIn(options.body) ?? randomTaskId() } = options
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (secret !== undefined) {
    headers['x-webhook-timestamp'] = String(timestamp)
    headers['x-webhook-signature'] = sign({ taskId, timestamp, secret })
  }
  return { method: 'POST', headers, body: options.body ?? sampleBody({ ...options, taskId }) }
}

/** The body's text, laid out as in the provider's documentation. */
export function sampleBody(options: SampleOptions = {}): string {
  const { taskId = randomTaskId(), outcome = 'success', extra } = options
  const isSuccess = outcome === 'success'
  const {
    code = isSuccess ? 200 : 500,
    msg = isSuccess ? 'Modify record generated successfully.' : 'Modify record generation failed.',
    promptJson = samplePrompt(options),
    resultUrls = [`https://files.example/l/${randomUUID()}.mp4`],
  } = options
  return JSON.stringify({ code, msg, data: { taskId, promptJson, ...(isSuccess && { resultUrls }) }, ...extra })
}

export function randomTaskId(): string {
  return randomBytes(16).toString('hex')
}

function samplePrompt(options: SampleOptions): string {
  const {
    callBackUrl = 'https://example.com/luma-modify-callback',
    prompt = 'A futuristic cityscape at night, with flying vehicles between the towers.',
    videoUrl = 'https://files.example/original.mp4',
  } = options
  // The capital M is the provider's: it is `watermark` when a task is submitted, and `waterMark` here.
  return JSON.stringify({ callBackUrl, prompt, videoUrl, waterMark: '' })
}

/** The task that a given body is about, as far as it says; another API's too, as those are signed with the same key. */
function idIn(body: string | undefined): string | undefined {
  if (body === undefined) return undefined
  try {
    return parseCallback({ raw: body, query: {}, receivedAt: new Date() }).taskId
  } catch (error) {
    return isLumaError(error, 'ERR_LUMA_OTHER_FAMILY') ? error.taskId : undefined
  }
}
