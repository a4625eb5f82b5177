import type { LumaCallback } from '@luma-callback/core'
import { pause, systemClock } from '@luma-callback/core/internal'
import { callbackOf } from './callback-of.ts'
import type { LumaClient } from './client.ts'
import { isWithoutResult, type TaskDetails } from './details.ts'
import { isApiError, type ApiError } from './errors.ts'

export interface Polling {
  client: Pick<LumaClient, 'details'>
  taskId: string
  /** Milliseconds between requests. */
  interval: number
  signal: AbortSignal
  /** True if the error ends the polling. */
  isEnd: (error: ApiError) => boolean
  /** Called with each error that does not end the polling. */
  tell: (error: ApiError) => void
}

/** Extra requests while the API's record may be incomplete: a new task may be unknown, a success may lack its URLs. */
const GRACE = 3
/** The longest pause between these extra requests, in milliseconds. It is short, so that a wrong task id fails soon. */
const GRACE_PAUSE = 1_000

/** Asks the API until a task is finished. */
export async function poll({ client, taskId, interval, signal, isEnd, tell }: Polling): Promise<LumaCallback> {
  for (let lags = 0; ;) {
    signal.throwIfAborted()
    const answer = await client.details(taskId, { signal }).catch(onlyApiErrors)
    signal.throwIfAborted()
    if (isBehind(answer) && lags < GRACE) {
      lags++
      await pause(Math.min(GRACE_PAUSE, interval), signal, systemClock)
    } else if (isApiError(answer)) {
      if (isEnd(answer)) throw answer
      tell(answer)
      await pause(Math.max(answer.retryAfter ?? 0, interval), signal, systemClock)
    } else if (answer.state === 'generating') {
      lags = 0
      await pause(interval, signal, systemClock)
    } else {
      return callbackOf(answer)
    }
  }
}

function isBehind(answer: TaskDetails | ApiError): boolean {
  return isApiError(answer) ? answer.code === 'ERR_LUMA_API_NOT_FOUND' : isWithoutResult(answer)
}

function onlyApiErrors(error: unknown): ApiError {
  if (isApiError(error)) return error
  throw error
}
