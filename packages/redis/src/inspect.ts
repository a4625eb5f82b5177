import type { DeliveryState } from '@luma-callback/core'
import type { InboxEngine } from '@luma-callback/core/inbox'
import { ErrorCode, Job } from 'bullmq'
import { dueAtOf, FIELD, keysOf, type List } from './beyond-docs.ts'
import { DAY, idOf, seenKeys, type CallbackData } from './callback-job.ts'
import type { OpenQueue } from './connection.ts'
import { STATE_OF, toEntry } from './entries.ts'
import { idsOf, nextCursor, toPosition } from './pages.ts'

/** Looking into the queue from outside, and what is done from there. */
export type Inspection = Pick<InboxEngine, 'list' | 'get' | 'requeue' | 'stats'>

/** What BullMQ says of a job that was removed, or that has not failed any more. */
const QUICKER: readonly unknown[] = [ErrorCode.JobNotExist, ErrorCode.JobNotInState]
/** As far back as keys are counted, in days. */
const DAYS_COUNTED = 400

/** `open` resolves to the queue once Redis can be asked. */
export function createInspection(prefix: string, open: () => Promise<OpenQueue>): Inspection {
  async function entryOf({ queue, redis }: OpenQueue, id: string, state: DeliveryState) {
    const [job, score] = await Promise.all([
      Job.fromId<CallbackData | null>(queue, id),
      state === 'pending' ? redis.zscore(keysOf(queue).list('delayed'), id) : null,
    ])
    return job && toEntry(job, state, dueAtOf(score))
  }

  /** Gives one that has failed for good all its attempts again; false if it is none. */
  async function requeueOne({ queue, redis }: OpenQueue, id: string): Promise<boolean> {
    const job =
      (await redis.zscore(keysOf(queue).list('failed'), id)) === null ? undefined : await Job.fromId(queue, id)
    if (!job) return false
    try {
      await redis.hdel(keysOf(queue).job(id), FIELD.crashes, FIELD.takenAt)
      await job.retry('failed', { resetAttemptsMade: true })
      return true
    } catch (error) {
      // Someone else was quicker.
      if (QUICKER.includes((error as { code?: unknown }).code)) return false
      throw error
    }
  }

  return {
    async list({ state, cursor, limit }) {
      const position = cursor === undefined ? undefined : toPosition(cursor)
      const opened = await open()
      const found = await idsOf(opened, state, position, limit + 1)
      const shown = found.slice(0, limit)
      const entries = await Promise.all(shown.map(({ id, list }) => entryOf(opened, id, STATE_OF[list])))
      return {
        entries: entries.filter((entry) => entry !== undefined),
        cursor: found.length > limit ? nextCursor(state, shown, position) : undefined,
      }
    },
    async get(key) {
      const opened = await open()
      const id = idOf(key)
      const state = await opened.queue.getJobState(id)
      const ours: DeliveryState | undefined = STATE_OF[(state === 'waiting' ? 'wait' : state) as List]
      return ours && entryOf(opened, id, ours)
    },
    async requeue({ key, most }) {
      const opened = await open()
      if (key !== undefined) return (await requeueOne(opened, idOf(key))) ? 1 : 0
      const failed = keysOf(opened.queue).list('failed')
      // Ids without a job, which nobody can requeue, must not hide those behind them.
      for (let start = 0; ; start += most) {
        const ids = await opened.redis.zrange(failed, String(start), String(start + most - 1))
        const requeued = (await Promise.all(ids.map((id) => requeueOne(opened, id)))).filter(Boolean).length
        if (requeued > 0 || ids.length < most) return requeued
      }
    },
    async stats() {
      const { queue, redis } = await open()
      const { counted } = seenKeys(prefix)
      const today = Math.floor(Date.now() / DAY)
      const days = Array.from({ length: DAYS_COUNTED }, (_, ago) => counted(today - ago))
      const [counts, seen] = await Promise.all([
        queue.getJobCounts('wait', 'prioritized', 'delayed', 'active', 'completed', 'failed'),
        redis.mget(days),
      ])
      const sum = (...names: string[]): number => names.reduce((total, name) => total + (counts[name] ?? 0), 0)
      return {
        pending: sum('wait', 'prioritized', 'delayed'),
        running: sum('active'),
        done: sum('completed'),
        dead: sum('failed'),
        seen: seen.reduce((total, count) => total + Number(count ?? 0), 0),
      }
    },
  }
}
