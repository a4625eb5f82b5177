import type { LumaCallback } from '@luma-callback/core'
import { pause, systemClock } from '@luma-callback/core/internal'
import { callbackOf } from './callback-of.ts'
import type { LumaClient } from './client.ts'
import { isWithoutResult, type TaskDetails } from './details.ts'
import { isApiError, type ApiError } from './errors.ts'

export interface Polling {
  client: Pick<LumaClient, 'details'>
  taskId: string
  /** Milliseconds between questions. */
  interval: number
  signal: AbortSignal
  /** Whether an error of the API ends it. */
  isEnd: (error: ApiError) => boolean
  /** Told what does not end it. */
  tell: (error: ApiError) => void
}

/** How often the API's record may be behind: of a task just submitted it may know nothing yet, of a success no URLs. */
const GRACE = 3
/** Milliseconds at most between the questions of that grace, so that who asks for a wrong task soon hears of it. */
const GRACE_PAUSE = 1_000

/** Asks until a task is finished. */
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
