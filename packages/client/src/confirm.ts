import {
  ForgedError,
  isLumaError,
  StoreUnavailableError,
  UnconfirmedError,
  type LumaCallback,
  type Trust,
  type LumaRequest,
} from '@luma-callback/core'
import { pause, systemClock, toError } from '@luma-callback/core/internal'
import { callbackOf } from './callback-of.ts'
import type { LumaClient } from './client.ts'
import { isWithoutResult, type TaskDetails } from './details.ts'
import { isApiError } from './errors.ts'

/** Milliseconds before an API that is away is asked again; it doubles up to the second. */
const [LEAST_PAUSE, LONGEST_PAUSE] = [1_000, 30_000]

/**
 * Asks the API whether a callback is true. Only the task id and the time are signed, not the body, so this is the only
 * full proof.
 *
 * As the option `trust` it asks before each run of a hook, and the hook gets what the API says: its result URLs, its
 * prompt, and the query of the `callBackUrl` that the task was submitted with. With an inbox that is after the answer. An
 * API that is away is waited for until the run ends with `hookTimeout`, and then the run is retried. If that was the last
 * attempt it is dead, until `reconcile` or another delivery brings it again: then it gets another run. What the API does
 * not bear out is `dead` at once, and told as `forged`.
 *
 * As the option `verify` it asks before the answer, within `ackTimeout`: what is not borne out is answered 401, and while
 * the API is away, 503. The hook still gets the callback's own content.
 *
 * @example
 * ```ts
 * import { confirm, createClient } from '@luma-callback/client'
 * import { lumaCallback } from '@luma-callback/express'
 * import { sqliteInbox } from '@luma-callback/sqlite'
 *
 * const client = createClient({ apiKey: process.env.LUMA_API_KEY ?? '' })
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   inbox: sqliteInbox('luma.db'),
 *   trust: confirm(client),
 * })
 * ```
 */
export function confirm(
  client: Pick<LumaClient, 'details'>,
): ((request: LumaRequest, callback: LumaCallback) => Promise<boolean>) & Trust {
  async function ask({ taskId }: LumaCallback, signal: AbortSignal | undefined): Promise<TaskDetails> {
    try {
      return await client.details(taskId, { signal })
    } catch (cause) {
      if (signal?.aborted) throw cause
      if (isLumaError(cause, 'ERR_LUMA_API_NOT_FOUND')) {
        throw new ForgedError(`the API knows no task ${taskId}`, { cause })
      }
      const why = toError(cause).message
      throw new UnconfirmedError(`the API could not be asked about task ${taskId}: ${why}`, { cause })
    }
  }

  async function askUntilAnswered(callback: LumaCallback, signal: AbortSignal): Promise<TaskDetails> {
    for (let delay = LEAST_PAUSE; ; delay = Math.min(LONGEST_PAUSE, delay * 2)) {
      try {
        return await ask(callback, signal)
      } catch (error) {
        const { cause } = error as Error
        const canPass = isLumaError(error, 'ERR_LUMA_UNCONFIRMED') && isApiError(cause) && cause.retryable
        if (!canPass) throw error
        await pause(Math.max(delay, cause.retryAfter ?? 0), signal, systemClock)
        signal.throwIfAborted()
      }
    }
  }

  async function verify(_request: LumaRequest, callback: LumaCallback): Promise<boolean> {
    try {
      truthOf(callback, await ask(callback, undefined))
      return true
    } catch (error) {
      if (!isLumaError(error, 'ERR_LUMA_UNCONFIRMED')) throw error
      throw new StoreUnavailableError(error.message, { cause: error })
    }
  }

  return Object.assign(verify, {
    async confirm(callback: LumaCallback, { signal }: { signal: AbortSignal }) {
      return truthOf(callback, await askUntilAnswered(callback, signal))
    },
  })
}

/**
 * What the API says, if it bears the callback out. Final is only what cannot be a step on the way: a task that the API does
 * not know, a failure, a success with its URLs. Its record may lag behind its callback, so that a task is generating still,
 * or has succeeded and has no URLs yet; then it is asked again.
 */
function truthOf(callback: LumaCallback, details: TaskDetails): LumaCallback {
  const { taskId, outcome, receivedAt } = callback
  if (details.taskId !== taskId)
    throw new UnconfirmedError(`the API was asked about ${taskId} and told of another task`)
  if (details.state === 'generating') {
    throw new UnconfirmedError(`task ${taskId} was called back as a ${outcome}, and the API says that it is generating`)
  }
  const truth = callbackOf(details, { receivedAt })
  // A callback that says the same, a success without a usable URL, is borne out.
  const isSame = truth.outcome === outcome && (truth.code === 200) === (callback.code === 200)
  if (isWithoutResult(details) && !isSame) {
    throw new UnconfirmedError(`task ${taskId} was called back as a ${outcome}, and the API has no result of it yet`)
  }
  if (truth.outcome === outcome) return truth
  throw new ForgedError(
    `task ${taskId} was called back as a ${outcome}, and the API says that it is a ${truth.outcome}`,
  )
}
