import { toError } from '@luma-callback/core/internal'
import { types } from 'node:util'
import { callbackOf } from './callback-of.ts'
import { isWithoutResult, type TaskDetails } from './details.ts'
import { isApiError, type ApiError, type ApiErrorCode } from './errors.ts'
import type { ReconcileEvent } from './reconcile-events.ts'
import type { ReconcileSettings } from './reconcile-options.ts'
import type { OpenTask } from './track-tasks.ts'

/** Checks open tasks, one at a time. */
export interface TaskChecks {
  /** Never rejects: what goes wrong with one task is told, and keeps no other from its turn. */
  check(task: OpenTask): Promise<Checked>
  /** What is not listed any more needs not be remembered. */
  forgetAllBut(open: readonly OpenTask[]): void
}

export interface Checked {
  /** Whether the API told something about this task. */
  wasAsked: boolean
  /** What the API would say of every other task as well. */
  refusal?: ApiError
}

export interface TaskCheckParts extends Pick<
  ReconcileSettings,
  'client' | 'receiver' | 'pending' | 'interval' | 'overdueAfter' | 'maxAge'
> {
  signal: AbortSignal
  emit: (event: ReconcileEvent) => void
}

/** Milliseconds that the provider keeps results for: what nobody could ask about until then is lost. */
const KEPT = 14 * 24 * 60 * 60_000

/** What is about the account, or the way to the API, and not about the task that was asked for. */
const OF_ALL_TASKS: ReadonlySet<ApiErrorCode> = new Set([
  'ERR_LUMA_API_UNAUTHORIZED',
  'ERR_LUMA_API_NO_CREDITS',
  'ERR_LUMA_API_RATE_LIMITED',
  'ERR_LUMA_API_MAINTENANCE',
  'ERR_LUMA_API_CONNECTION',
  'ERR_LUMA_API_TIMEOUT',
])

/** A task that was handed to the receiver, and is not done there yet. */
interface HandedIn {
  since: number
  /** When it is handed in again, by which what nobody bore out gets another run. */
  nextAt: number
  delay: number
}

export function createTaskChecks(parts: TaskCheckParts): TaskChecks {
  const { client, receiver, pending, interval, overdueAfter, maxAge, signal, emit } = parts
  /** Those that need no more questions, as long as they are still listed. */
  const settled = new Set<string>()
  const handedIn = new Map<string, HandedIn>()

  async function check(task: OpenTask): Promise<Checked> {
    let age = 0
    let result: Checked = { wasAsked: false }
    try {
      age = Date.now() - checkTask(task).submittedAt.getTime()
      if (settled.has(task.taskId)) await remove(task.taskId)
      else if ((handedIn.get(task.taskId)?.nextAt ?? 0) <= Date.now()) result = await ask(task, age)
    } catch (error) {
      if (!signal.aborted) tell(task, error)
    }
    // As long as nobody could ask, or hand it in, it may be there yet.
    const limit = result.wasAsked ? maxAge : Math.max(maxAge, KEPT)
    if (age > limit && !signal.aborted && !settled.has(task.taskId) && !handedIn.has(task.taskId)) {
      emit({ type: 'abandoned', taskId: task.taskId, age })
      await settle(task.taskId)
    }
    return result
  }

  async function ask({ taskId, submittedAt }: OpenTask, age: number): Promise<Checked> {
    if (await receiver.has(taskId)) {
      await settle(taskId)
      return { wasAsked: false }
    }
    if (age < overdueAfter) return { wasAsked: false }
    const answer = await client.details(taskId, { signal }).catch(onlyApiErrors)
    signal.throwIfAborted()
    if (isApiError(answer)) {
      if (answer.code !== 'ERR_LUMA_API_RATE_LIMITED') tell({ taskId, submittedAt }, answer)
      return OF_ALL_TASKS.has(answer.code) ? { wasAsked: false, refusal: answer } : { wasAsked: true }
    }
    if (!isFinished(answer, age)) return { wasAsked: true }
    await handIn(answer)
    return { wasAsked: true }
  }

  /** A success without a result is believed in the end: the record may be behind. */
  function isFinished(details: TaskDetails, age: number): boolean {
    return details.state !== 'generating' && (!isWithoutResult(details) || age > maxAge)
  }

  async function handIn(details: TaskDetails): Promise<void> {
    const callback = callbackOf(details)
    const { taskId } = callback
    const recorded = await receiver.receive(callback)
    const before = handedIn.get(taskId)
    if (!before || recorded === 'recorded' || recorded === 'dead') emit({ type: 'found', callback, recorded })
    const { since = Date.now(), delay = interval } = before ?? {}
    const isDone = recorded !== 'dead' && (await receiver.has(taskId))
    // Whether it is done cannot be seen in every inbox, so this ends too.
    if (isDone || Date.now() - since > maxAge) return settle(taskId)
    handedIn.set(taskId, { since, nextAt: Date.now() + delay, delay: delay * 2 })
  }

  async function settle(taskId: string): Promise<void> {
    settled.add(taskId)
    handedIn.delete(taskId)
    await remove(taskId)
  }

  /** Until it is removed it is listed, and the next sweep tries again. */
  async function remove(taskId: string): Promise<void> {
    try {
      if (typeof pending !== 'function') await pending.remove(taskId)
    } catch (error) {
      emit({ type: 'error', taskId, error: toError(error) })
    }
  }

  function tell(task: Partial<OpenTask> | null | undefined, thrown: unknown): void {
    const taskId = task?.taskId
    emit({ type: 'error', ...(typeof taskId === 'string' && { taskId }), error: toError(thrown) })
  }

  return {
    check,
    forgetAllBut(open) {
      const listed = new Set(open.map((task: OpenTask | null | undefined) => task?.taskId))
      for (const taskId of [...settled, ...handedIn.keys()]) {
        if (listed.has(taskId)) continue
        settled.delete(taskId)
        handedIn.delete(taskId)
      }
    },
  }
}

/** A list is the user's own: one row that is wrong must be told, and hide no other. */
function checkTask(task: Partial<Record<keyof OpenTask, unknown>> | null | undefined): OpenTask {
  const { taskId, submittedAt } = task ?? {}
  if (typeof taskId !== 'string' || taskId === '')
    throw new TypeError('an open task must have a "taskId" that is a text')
  if (types.isDate(submittedAt) && !Number.isNaN(submittedAt.getTime())) return { taskId, submittedAt }
  throw new TypeError('an open task must have a "submittedAt" that is a valid Date')
}

function onlyApiErrors(error: unknown): ApiError {
  if (isApiError(error)) return error
  throw error
}
