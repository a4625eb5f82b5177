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

/** The content of a sample. The defaults are as the provider documents them. */
export interface SampleOptions {
  /** Default: 32 random hexadecimal digits, like the provider's ids. */
  taskId?: string | undefined
  /** Default: `'success'`. */
  outcome?: LumaCallback['outcome'] | undefined
  /** Default: 200 on success, 500 on failure. */
  code?: number | undefined
  /** The `msg` of the body. Default: the text of the documentation, for the outcome. */
  msg?: string | undefined
  /** For a success. Default: one URL of a host that does not exist. */
  resultUrls?: readonly string[] | undefined
  /** The prompt of the original request. Default: a sample. */
  prompt?: string | undefined
  /** The URL of the original video. Default: a URL of a host that does not exist. */
  videoUrl?: string | undefined
  /** The address of the receiver. Default: `https://example.com/luma-modify-callback`. */
  callBackUrl?: string | undefined
  /** The original request as JSON text. Default: made from `prompt`, `videoUrl` and `callBackUrl`. */
  promptJson?: string | undefined
  /** Undocumented fields, next to `code`, `msg` and `data`. */
  extra?: Readonly<Record<string, unknown>> | undefined
}

/** The options of `sampleCallback`. */
export interface SampleCallbackOptions extends SampleOptions {
  /** The query of the URL that was called. Default: empty. */
  query?: Readonly<Record<string, string>> | undefined
  /** Default: now. */
  receivedAt?: Date | undefined
  /** The key that it is recorded under. Default: task id and outcome. */
  key?: string | undefined
}

/** A request ready to be sent: `fetch(url, signedRequest({ secret }))`. */
export interface SampleRequest {
  method: 'POST'
  headers: Record<string, string>
  body: string
}

/** The options of `signedRequest`; whatever is left out is as the provider documents it. */
export interface SignedRequestOptions extends SampleOptions {
  /** The receiver's `webhookHmacKey`. Without it the request is not signed. */
  secret?: string | undefined
  /** The time of the signature, in Unix seconds. Default: now. */
  timestamp?: number | undefined
  /** The body. Default: made from the other options. The signature is for `taskId`, else for the id in the body. */
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
 * Makes a callback as a hook gets it, for tests of hooks: `await onSuccess(sampleCallback(), context)`. Its `raw` is the body
 * that the provider would send.
 *
 * @throws InvalidCallbackError (`ERR_LUMA_INVALID_CALLBACK`) if the options do not make a valid callback.
 */
export function sampleCallback(options?: SampleCallbackOptions & { outcome?: 'success' }): LumaSuccess
export function sampleCallback(options: SampleCallbackOptions & { outcome: 'failure' }): LumaFailure
export function sampleCallback(options?: SampleCallbackOptions): LumaCallback
export function sampleCallback(options: SampleCallbackOptions = {}): LumaCallback {
  checkOptions('sampleCallback', options, CALLBACK_RULES)
  const { query = {}, receivedAt = new Date(), key } = options
  return parseCallback({ raw: sampleBody(options), query, receivedAt, ...(key !== undefined && { key }) })
}

/** Makes a request like the provider's, signed if there is a `secret`, for tests of a running receiver. */
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

/** The text of a body, as in the provider's documentation. */
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
  // The provider's spelling: `watermark` in a submission, `waterMark` here.
  return JSON.stringify({ callBackUrl, prompt, videoUrl, waterMark: '' })
}

/** The task id in a body, if any; also in a body of a sister API, because the same key signs those. */
function idIn(body: string | undefined): string | undefined {
  if (body === undefined) return undefined
  try {
    return parseCallback({ raw: body, query: {}, receivedAt: new Date() }).taskId
  } catch (error) {
    return isLumaError(error, 'ERR_LUMA_OTHER_FAMILY') ? error.taskId : undefined
  }
}
