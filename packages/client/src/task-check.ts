import { toError } from '@luma-callback/core/internal'
import { types } from 'node:util'
import { isWithoutResult, type TaskDetails } from './details.ts'
import { isApiError, type ApiError, type ApiErrorCode } from './errors.ts'
import { createHandIns } from './hand-in.ts'
import type { ReconcileEvent } from './reconcile-events.ts'
import type { ReconcileSettings } from './reconcile-options.ts'
import type { OpenTask } from './track-tasks.ts'

/** Checks open tasks, one at a time. */
export interface TaskChecks {
  /** Never rejects: an error with one task is emitted as an event, and the other tasks still get their turn. */
  check(task: OpenTask): Promise<Checked>
  /** Drops the memory of tasks that are not listed any more. */
  forgetAllBut(open: readonly OpenTask[]): void
}

export interface Checked {
  /** True if the API gave an answer about this task. */
  wasAsked: boolean
  /** Set if the API would refuse every other task as well. */
  refusal?: ApiError
}

export interface TaskCheckParts extends Pick<
  ReconcileSettings,
  'client' | 'receiver' | 'pending' | 'interval' | 'overdueAfter' | 'maxAge'
> {
  signal: AbortSignal
  emit: (event: ReconcileEvent) => void
}

/** How long the provider keeps results, in milliseconds. After that an unanswered question is pointless. */
const KEPT = 14 * 24 * 60 * 60_000

/** Errors that concern the account or the connection, so that the next task would get the same. */
const OF_ALL_TASKS: ReadonlySet<ApiErrorCode> = new Set([
  'ERR_LUMA_API_UNAUTHORIZED',
  'ERR_LUMA_API_NO_CREDITS',
  'ERR_LUMA_API_RATE_LIMITED',
  'ERR_LUMA_API_MAINTENANCE',
  'ERR_LUMA_API_CONNECTION',
  'ERR_LUMA_API_TIMEOUT',
])

export function createTaskChecks(parts: TaskCheckParts): TaskChecks {
  const { client, receiver, pending, overdueAfter, maxAge, signal, emit } = parts
  const handIns = createHandIns(parts)

  async function check(task: OpenTask): Promise<Checked> {
    let age = 0
    let result: Checked = { wasAsked: false }
    try {
      age = Date.now() - checkTask(task).submittedAt.getTime()
      const state = handIns.stateOf(task.taskId)
      if (state === 'settled') await settle(task.taskId)
      else if (state !== 'waiting') result = await ask(task, age)
    } catch (error) {
      if (!signal.aborted) emit(errorOf(task, error))
    }
    // While the API or the receiver is down, the result may still be there.
    const limit = result.wasAsked ? maxAge : Math.max(maxAge, KEPT)
    if (age > limit && !signal.aborted && handIns.stateOf(task.taskId) === 'new') {
      emit({ type: 'abandoned', taskId: task.taskId, age })
      await settle(task.taskId)
    }
    return result
  }

  async function ask({ taskId }: OpenTask, age: number): Promise<Checked> {
    if (await receiver.has(taskId)) {
      await settle(taskId)
      return { wasAsked: false }
    }
    if (age < overdueAfter) return { wasAsked: false }
    const answer = await client.details(taskId, { signal }).catch(onlyApiErrors)
    signal.throwIfAborted()
    if (isApiError(answer)) {
      if (answer.code !== 'ERR_LUMA_API_RATE_LIMITED') emit(errorOf({ taskId }, answer))
      return OF_ALL_TASKS.has(answer.code) ? { wasAsked: false, refusal: answer } : { wasAsked: true }
    }
    if (isFinished(answer, age) && (await handIns.handIn(answer))) await settle(taskId)
    return { wasAsked: true }
  }

  /** A success without result URLs counts as finished only after `maxAge`: the API's record may be incomplete. */
  function isFinished(details: TaskDetails, age: number): boolean {
    return details.state !== 'generating' && (!isWithoutResult(details) || age > maxAge)
  }

  async function settle(taskId: string): Promise<void> {
    handIns.settle(taskId)
    try {
      // If this fails the task stays listed, and the next sweep tries again.
      if (typeof pending !== 'function') await pending.remove(taskId)
    } catch (error) {
      emit(errorOf({ taskId }, error))
    }
  }

  return { check, forgetAllBut: handIns.forgetAllBut }
}

/** The list may come from the user: an invalid row is reported, and the other rows are still checked. */
function checkTask(task: Partial<Record<keyof OpenTask, unknown>> | null | undefined): OpenTask {
  const { taskId, submittedAt } = task ?? {}
  if (typeof taskId !== 'string' || taskId === '')
    throw new TypeError('an open task must have a "taskId" that is a text')
  if (types.isDate(submittedAt) && !Number.isNaN(submittedAt.getTime())) return { taskId, submittedAt }
  throw new TypeError('an open task must have a "submittedAt" that is a valid Date')
}

function errorOf(task: Partial<OpenTask> | null | undefined, thrown: unknown): ReconcileEvent {
  const taskId = task?.taskId
  return { type: 'error', ...(typeof taskId === 'string' && { taskId }), error: toError(thrown) }
}

function onlyApiErrors(error: unknown): ApiError {
  if (isApiError(error)) return error
  throw error
}
