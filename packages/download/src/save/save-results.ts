import type { LumaSuccess } from '@luma-callback/core'
import { toError } from '@luma-callback/core/internal'
import { DownloadError, isDownloadError } from '../errors.ts'
import { nameOf } from '../target/names.ts'
import { readOptions, type SaveOptions } from './options.ts'
import { save, type Saved } from './save-url.ts'

/**
 * Saves all results of a task, for use in `onSuccess`. A saved file is always complete and checked. Another run keeps the
 * saved files and resumes the others. The file names come from the task's id and are safe: a callback cannot write outside the
 * directory or to another task's files.
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
 * @throws DownloadError when all downloads have ended and one failed. If several failed, it is one that can be retried. Let it
 * leave the hook: its `retryable` decides if the callback is retried or dead. Also the reason of `signal`, the errors of
 * `refresh` and `onProgress`, and TypeError for invalid options and for a callback of a failure.
 */
export async function saveResults(
  { taskId, resultUrls }: Pick<LumaSuccess, 'taskId' | 'resultUrls'>,
  options: Omit<SaveOptions, 'sha256'>,
): Promise<Saved[]> {
  const settings = readOptions('saveResults', options)
  // JavaScript users may pass the callback of a failure.
  if (!Array.isArray(resultUrls))
    throw new TypeError(`saveResults: task ${taskId} has no resultUrls; only a success has`)
  const endings = await Promise.allSettled(resultUrls.map((url, index) => save(url, nameOf(taskId, index), settings)))
  settings.signal?.throwIfAborted()
  const errors = endings.map((ending) => (ending.status === 'rejected' ? toError(ending.reason) : undefined))
  // While one of the results can still be saved, the hook must run again.
  const isRetryable = (error: Error | undefined): boolean =>
    // An error of `refresh` may have a `retryable` too.
    error !== undefined && (error as { retryable?: unknown }).retryable !== false
  const retryable = errors.findIndex(isRetryable)
  const index = retryable === -1 ? errors.findIndex((error) => error !== undefined) : retryable
  if (index !== -1) throw ofTask(errors[index] as Error, { taskId, index, count: resultUrls.length })
  return endings.map((ending) => (ending as PromiseFulfilledResult<Saved>).value)
}

function ofTask(error: Error, { taskId, index, count }: { taskId: string; index: number; count: number }): Error {
  if (!isDownloadError(error)) return error
  const { code, retryable, status, retryAfter } = error
  const message = `task ${taskId}, result ${index + 1} of ${count}: ${error.message}`
  return new DownloadError(code, message, { cause: error, retryable, status, retryAfter })
}
