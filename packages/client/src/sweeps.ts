import { toError } from '@luma-callback/core/internal'
import type { ApiError } from './errors.ts'
import type { ReconcileEvent } from './reconcile-events.ts'
import type { TaskChecks } from './task-check.ts'
import type { OpenTask } from './track-tasks.ts'

export interface SweepParts {
  /** The open tasks. */
  list: () => Promise<readonly OpenTask[]>
  checks: TaskChecks
  /** Milliseconds between sweeps. */
  interval: number
  signal: AbortSignal
  emit: (event: ReconcileEvent) => void
}

export interface Sweeps {
  /** Checks all open tasks, or stops where the API refuses. Never rejects. */
  sweep(): Promise<void>
  /** Milliseconds until the next sweep. */
  readonly rest: number
}

/** The longest rest after a 429, in milliseconds. The rest doubles with each 429 in a row. */
const LONGEST_REST = 5 * 60_000

export function createSweeps({ list, checks, interval, signal, emit }: SweepParts): Sweeps {
  let rest = interval
  /** The task at which the API refused. The next sweep starts after it, so that later tasks get their turn. */
  let stoppedAt: unknown

  function inTurn(open: readonly OpenTask[]): OpenTask[] {
    const start = stoppedAt === undefined ? 0 : open.findIndex((task) => idOf(task) === stoppedAt) + 1
    return [...open.slice(start), ...open.slice(0, start)]
  }

  function restAfter({ code, retryAfter = 0 }: ApiError): void {
    const isLimited = code === 'ERR_LUMA_API_RATE_LIMITED'
    rest = Math.max(retryAfter, isLimited ? Math.min(LONGEST_REST, rest * 2) : interval)
    if (isLimited) emit({ type: 'limited', delay: rest })
  }

  async function checkAll(): Promise<void> {
    const open = await list()
    checks.forgetAllBut(open)
    const tasks = inTurn(open)
    stoppedAt = undefined
    for (const task of tasks) {
      if (signal.aborted) return
      const { wasAsked, refusal } = await checks.check(task)
      if (wasAsked) rest = interval
      if (refusal) {
        stoppedAt = idOf(task)
        return restAfter(refusal)
      }
    }
  }

  return {
    sweep: () => checkAll().catch((error: unknown) => emit({ type: 'error', error: toError(error) })),
    get rest() {
      return rest
    },
  }
}

/** The row comes from the user's own list and may be anything. */
function idOf(task: OpenTask | null | undefined): unknown {
  return task?.taskId
}
