import { abortSignal, checkOptions } from '@luma-callback/core/internal'
import { z } from 'zod'
import { detailsSchema, type TaskDetails } from './details.ts'
import { UntrackedError, type ApiError } from './errors.ts'
import { call, type HttpSettings } from './http.ts'
import { checked, readOptions, toModifyBody, type ClientOptions, type ModifyRequest } from './options.ts'

/** The options of one call of the API. */
export interface CallOptions {
  /** Ends the call, which then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined
}

/** The Luma modify API. A call rejects with an `ApiError`, a TypeError, the reason of its signal, or an `UntrackedError`. */
export interface LumaClient {
  /**
   * Submits a task, which costs credits. Resolves with its id.
   *
   * @throws TypeError for a request that the API would refuse; ApiError; UntrackedError (`ERR_LUMA_UNTRACKED`) if the task
   * was submitted but could not be added to `tasks`.
   */
  modify(request: ModifyRequest, options?: CallOptions): Promise<{ taskId: string }>
  /** Gets the state of a task, and its results. */
  details(taskId: string, options?: CallOptions): Promise<TaskDetails>
  /** Gets a new link to a result whose URL has expired. The link works for 20 minutes. */
  downloadUrl(url: string, options?: CallOptions): Promise<string>
}

/**
 * Makes a client for the API.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 * @example
 * ```ts
 * import { createClient } from '@luma-callback/client'
 *
 * const client = createClient({ apiKey: process.env.LUMA_API_KEY ?? '' })
 * const { taskId } = await client.modify({
 *   prompt: 'make it snow',
 *   videoUrl: 'https://shop.example/fox.mp4',
 *   callBackUrl: 'https://shop.example/luma-modify-callback',
 * })
 * ```
 */
export function createClient(options: ClientOptions): LumaClient {
  const { retrySubmissions, tasks, ...settings } = readOptions(options)
  const http: HttpSettings = settings

  /** A submission costs credits, so it is sent again only if the API did not accept it, unless the user takes the risk. */
  function mayRetry({ retryable, mayHaveActed }: ApiError): boolean {
    return retryable && (retrySubmissions || !mayHaveActed)
  }

  return {
    async modify(request, callOptions) {
      const body = toModifyBody(request)
      const signal = signalIn('modify', callOptions)
      const path = '/api/v1/modify/generate'
      const schema = z.object({ taskId: z.string('is not a text').min(1, 'is empty') })
      const { taskId } = await call({ what: 'modify', method: 'POST', path, body, schema, signal, mayRetry }, http)
      try {
        await tasks?.add(taskId, new Date())
      } catch (cause) {
        throw new UntrackedError(taskId, { cause })
      }
      return { taskId }
    },
    async details(taskId, callOptions) {
      checked('details', 'taskId', taskId)
      const signal = signalIn('details', callOptions)
      const path = '/api/v1/modify/record-info'
      const what = `details of task ${taskId}`
      const schema = detailsSchema.refine((details) => details.taskId === taskId, {
        path: ['taskId'],
        message: 'is of another task',
      })
      return call({ what, method: 'GET', path, query: { taskId }, schema, signal }, http)
    },
    async downloadUrl(url, callOptions) {
      checked('downloadUrl', 'url', url)
      const signal = signalIn('downloadUrl', callOptions)
      const path = '/api/v1/common/download-url'
      const schema = z.url('is not a URL')
      return call({ what: 'downloadUrl', method: 'POST', path, body: { url }, schema, signal }, http)
    },
  }
}

function signalIn(caller: string, options: CallOptions | undefined): AbortSignal | undefined {
  return checkOptions(caller, options, { signal: abortSignal }).signal
}
