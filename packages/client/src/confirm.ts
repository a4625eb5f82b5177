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

/** The first and the longest pause before the next question to an API that is down, in milliseconds. It doubles. */
const [LEAST_PAUSE, LONGEST_PAUSE] = [1_000, 30_000]

/**
 * Asks the API whether a callback is true. The signature covers only the task id and the time, not the body, so this is the
 * only full proof.
 *
 * As the option `trust`, it asks before each run of a hook. The hook gets the API's version: its result URLs, its prompt, and
 * the query of the `callBackUrl` that the task was submitted with. With an inbox it asks after the answer. While the API is
 * down, it keeps asking until `hookTimeout` ends the run; the run is then retried. After the last attempt the callback is
 * dead, and it gets another run when `reconcile` or another delivery brings it again. If the API contradicts the callback,
 * it is `dead` at once, with the event `forged`.
 *
 * As the option `verify`, it asks before the answer, within `ackTimeout`. If the API contradicts the callback, the answer is
 * 401; while the API is down, it is 503. The hook still gets the callback's own content.
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
        throw new ForgedError(`the API does not know task ${taskId}`, { cause })
      }
      const why = toError(cause).message
      throw new UnconfirmedError(`could not ask the API about task ${taskId}: ${why}`, { cause })
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
 * Gives the API's version of the callback, if both agree on the outcome. The API's record may be older than the callback: the
 * task may still be generating, or have succeeded without URLs yet. Such an answer is not final, so the API is asked again.
 * Final answers are an unknown task, a failure, and a success with URLs.
 */
function truthOf(callback: LumaCallback, details: TaskDetails): LumaCallback {
  const { taskId, outcome, receivedAt } = callback
  if (details.taskId !== taskId)
    throw new UnconfirmedError(`the API was asked about task ${taskId} and answered about another task`)
  if (details.state === 'generating') {
    throw new UnconfirmedError(
      `the callback of task ${taskId} says ${outcome}, but the API says it is still generating`,
    )
  }
  const truth = callbackOf(details, { receivedAt })
  // A callback can also say this: a success without a usable URL. Then both agree.
  const isSame = truth.outcome === outcome && (truth.code === 200) === (callback.code === 200)
  if (isWithoutResult(details) && !isSame) {
    throw new UnconfirmedError(`the callback of task ${taskId} says ${outcome}, but the API has no result yet`)
  }
  if (truth.outcome === outcome) return truth
  throw new ForgedError(`the callback of task ${taskId} says ${outcome}, but the API says ${truth.outcome}`)
}
