import { hash } from 'node:crypto'
import { readEnvelope, type Envelope } from './envelope.ts'
import { callbackKey } from './key.ts'
import { readSideFields, type CallbackIssue, type ModifyParams } from './side-fields.ts'

/** What successes and failures have in common. The provider's own names are kept. */
export interface CallbackCommon {
  /** The provider's id of the task: 1 to 256 bytes, well-formed, without control characters. */
  readonly taskId: string
  /** The provider's message; empty if it sent none. */
  readonly msg: string
  /** The original request as the provider sent it back: JSON in a string, at times damaged. */
  readonly promptJson: string | undefined
  /** `promptJson` parsed, if it parses to an object. */
  readonly params: ModifyParams | undefined
  /** The query of the URL that was called: what you put into `callBackUrl`. Of a repeated name, the first. Not signed. */
  readonly query: Readonly<Record<string, string>>
  /** When the request arrived here. */
  readonly receivedAt: Date
  /** The body's text. */
  readonly raw: string
  /** What makes two callbacks the same; task id and outcome, unless the option `key` says otherwise. */
  readonly key: string
  /** SHA-256 of the content, blind to white space: two callbacks of one key and different digests contradict each other. */
  readonly digest: string
  /** Problems in the optional fields. They never refuse a result. */
  readonly issues: readonly CallbackIssue[]
}

/** A task that succeeded, with at least one URL to fetch. */
export interface LumaSuccess extends CallbackCommon {
  readonly outcome: 'success'
  readonly code: 200
  /** http(s) URLs, never empty. They expire. The signature does not cover them: treat them as untrusted. */
  readonly resultUrls: readonly [string, ...string[]]
}

/** A task that failed, or one said to have succeeded that brought no usable URL. */
export interface LumaFailure extends CallbackCommon {
  readonly outcome: 'failure'
  /** The provider's code: 500 is the documented failure; 200 with `reason: 'no_result'`. */
  readonly code: number
  readonly reason: 'task_failed' | 'no_result'
}

/** A callback of the Luma modify API. Narrows on `outcome`. */
export type LumaCallback = LumaSuccess | LumaFailure

/** What a callback is made from, and all that an inbox has to keep of it. */
export interface CallbackSource {
  /** The body's text. */
  raw: string
  query: Readonly<Record<string, string>>
  receivedAt: Date
  /** The key it was recorded under, if that was not the default one. */
  key?: string
}

/**
 * Reads a callback from its text. Inboxes store a {@link CallbackSource} and call this again on delivery.
 *
 * @throws InvalidCallbackError (`ERR_LUMA_INVALID_CALLBACK`) if the text is not JSON or not a callback.
 * @throws OtherFamilyError (`ERR_LUMA_OTHER_FAMILY`) if it is the callback of another API.
 */
export function parseCallback(source: CallbackSource): LumaCallback {
  return completeCallback(readEnvelope(source.raw), source)
}

/** Adds the optional fields; whatever they hold, this succeeds. */
export function completeCallback(envelope: Envelope, source: CallbackSource): LumaCallback {
  const { taskId, code, content } = envelope
  const { msg, promptJson, params, resultUrls, issues } = readSideFields(envelope)
  const [firstUrl, ...otherUrls] = resultUrls
  const { raw, query, receivedAt } = source
  const outcome = code === 200 && firstUrl !== undefined ? 'success' : 'failure'
  const key = source.key ?? callbackKey(taskId, outcome)
  const digest = hash('sha256', JSON.stringify(content))
  // One literal for each, without spreads: this runs for every callback, and each of the two keeps one shape.
  if (code === 200 && firstUrl !== undefined) {
    const urls: LumaSuccess['resultUrls'] = [firstUrl, ...otherUrls]
    return {
      outcome: 'success',
      taskId,
      code,
      msg,
      resultUrls: urls,
      promptJson,
      params,
      query,
      receivedAt,
      raw,
      key,
      digest,
      issues,
    }
  }
  const reason = code === 200 ? 'no_result' : 'task_failed'
  return {
    outcome: 'failure',
    taskId,
    code,
    msg,
    reason,
    promptJson,
    params,
    query,
    receivedAt,
    raw,
    key,
    digest,
    issues,
  }
}
