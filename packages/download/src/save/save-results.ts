import type { LumaSuccess } from '@luma-callback/core'
import { toError } from '@luma-callback/core/internal'
import { DownloadError, isDownloadError } from '../errors.ts'
import { nameOf } from '../target/names.ts'
import { readOptions, type SaveOptions } from './options.ts'
import { save, type Saved } from './save-url.ts'

/**
 * Saves all results of a task, for use in `onSuccess`. Each is complete and checked, or not there at all; run again, what
 * is there is left as it is, and the rest is gone on with. The names are made from the task's id: nothing in a callback
 * can leave the directory or touch another task's files.
 *
 * @example
 * ```ts
 * import { saveResults } from '@luma-callback/download'
 * import { lumaCallback } from '@luma-callback/express'
 * import { sqliteInbox } from '@luma-callback/sqlite'
 *
 * const luma = lumaCallback({
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   inbox: sqliteInbox('luma.db'),
 *   async onSuccess(callback, { signal }) {
 *     const [video] = await saveResults(callback, { to: 'videos', signal })
 *     console.log(callback.taskId, video?.path)
 *   },
 * })
 * ```
 * @returns In the order of `resultUrls`.
 * @throws DownloadError when all have ended and one could not be saved. If several could not, one of them that can be
 * tried again. Let it leave the hook: it is retried, or made dead, as it says itself. Also what `signal` was aborted
 * with, what `refresh` or `onProgress` threw, and TypeError for options that are wrong and for a callback of a failure.
 */
export async function saveResults(
  { taskId, resultUrls }: Pick<LumaSuccess, 'taskId' | 'resultUrls'>,
  options: Omit<SaveOptions, 'sha256'>,
): Promise<Saved[]> {
  const settings = readOptions('saveResults', options)
  // Without types, a callback of a failure gets here as easily as one of a success.
  if (!Array.isArray(resultUrls))
    throw new TypeError(`saveResults: task ${taskId} has no resultUrls; only a success has`)
  const endings = await Promise.allSettled(resultUrls.map((url, index) => save(url, nameOf(taskId, index), settings)))
  settings.signal?.throwIfAborted()
  const errors = endings.map((ending) => (ending.status === 'rejected' ? toError(ending.reason) : undefined))
  // As long as one of them can still be saved, the hook has to run again.
  const canHelp = (error: Error | undefined): boolean =>
    // Also what refresh threw may say that it is of no use.
    error !== undefined && (error as { retryable?: unknown }).retryable !== false
  const helpful = errors.findIndex(canHelp)
  const index = helpful === -1 ? errors.findIndex((error) => error !== undefined) : helpful
  if (index !== -1) throw ofTask(errors[index] as Error, { taskId, index, count: resultUrls.length })
  return endings.map((ending) => (ending as PromiseFulfilledResult<Saved>).value)
}

function ofTask(error: Error, { taskId, index, count }: { taskId: string; index: number; count: number }): Error {
  if (!isDownloadError(error)) return error
  const { code, retryable, status, retryAfter } = error
  const message = `task ${taskId}, result ${index + 1} of ${count}: ${error.message}`
  return new DownloadError(code, message, { cause: error, retryable, status, retryAfter })
}
