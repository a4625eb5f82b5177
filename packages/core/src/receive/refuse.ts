import { refusalAnswer, toRefusal, type LumaAnswer } from './answers.ts'
import { toError } from '../errors/errors.ts'
import { isLumaError } from '../errors/is-luma-error.ts'
import type { Emit } from '../events/events.ts'
import { Refusal } from '../errors/refusal.ts'
import type { Clock } from '../internal/clock.ts'
import { dropRest } from '../request/body.ts'
import { addressIn } from '../request/request.ts'
import type { Receipt } from './read-callback.ts'

/** For the observer, of a request whose answer is the framework's. */
const FAILED = 'an error that the request did not cause was thrown; the framework answers'

/**
 * The answer to a request that failed. An error that the request did not cause is thrown again, for the framework to answer.
 * The observer is told in both cases.
 */
export function refuse(
  error: unknown,
  { receipt, emit, clock }: { receipt: Receipt; emit: Emit; clock: Clock },
): LumaAnswer {
  const { request, taskId: known } = receipt
  if (error instanceof Refusal && error.reason === 'body_too_large') dropRest(request, clock)
  const taskId = known ?? (isLumaError(error, 'ERR_LUMA_OTHER_FAMILY') ? error.taskId : undefined)
  const about = taskId === undefined ? {} : { taskId }
  const from = addressIn(request)
  const refusal = toRefusal(error)
  if (!refusal) {
    // To a framework, `next(undefined)` means that all is well.
    const thrown = toError(error)
    emit({ type: 'error', error: thrown, ...about })
    emit({ type: 'rejected', status: 500, reason: 'error', message: FAILED, ...about, ...from })
    throw thrown
  }
  const { status, reason, message, detail, family } = refusal
  const extra = { ...(detail !== undefined && { detail }), ...(family !== undefined && { family }) }
  if (isLumaError(error, 'ERR_LUMA_STORE_UNAVAILABLE')) emit({ type: 'error', error, ...about })
  emit({ type: 'rejected', status, reason, message, ...extra, ...about, ...from })
  return refusalAnswer(refusal)
}
