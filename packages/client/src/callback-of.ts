import { parseCallback, type CallbackIssue, type LumaCallback } from '@luma-callback/core'
import { checkOptions, date, optional, readQuery } from '@luma-callback/core/internal'
import type { TaskDetails } from './details.ts'

/** What the provider's own callbacks say; see its documentation. */
const SUCCEEDED = 'Modify record generated successfully.'
const FAILED = 'Modify record generation failed.'

/**
 * The callback that the provider sends, or would have sent, of a task that is finished: same fields, same spelling, so
 * that it and the true one are the same wherever the API tells the same. Its `query` is that of the `callBackUrl` that the
 * API tells; where it tells none that can be read, `issues` says so.
 *
 * @param details - Of a task that is not generating any more.
 * @throws TypeError for one that is.
 */
export function callbackOf(details: TaskDetails, options?: { receivedAt?: Date | undefined }): LumaCallback {
  const { receivedAt = new Date() } = checkOptions('callbackOf', options, { receivedAt: optional(date) })
  const { taskId, state, resultUrls, promptJson, errorCode, errorMessage } = details
  if (state === 'generating') throw new TypeError(`task ${taskId} is still generating; there is no callback of it yet`)
  const data = { taskId, ...(promptJson !== undefined && { promptJson }) }
  // A failure of the code 200 would be read as a success without results.
  const code = errorCode === undefined || errorCode === 200 || !Number.isInteger(errorCode) ? 500 : errorCode
  const body =
    state === 'success'
      ? { code: 200, msg: SUCCEEDED, data: { ...data, resultUrls } }
      : { code, msg: errorMessage ?? FAILED, data }
  const callback = parseCallback({ raw: JSON.stringify(body), query: {}, receivedAt })
  const url = callback.params?.callBackUrl
  const issues = [...callback.issues, ...queryIssues(callback)]
  return { ...callback, query: isUrl(url) ? readQuery(new URL(url).search) : {}, issues }
}

/** What a user put into the URL that is called back is read from what the API tells, so that nobody on the way can change it. */
function queryIssues({ params }: LumaCallback): CallbackIssue[] {
  const why = 'is not known, for the API does not tell the request that started the task as it was'
  const isKnown = params !== undefined && (params.callBackUrl === undefined || isUrl(params.callBackUrl))
  return isKnown ? [] : [{ path: 'query', message: why }]
}

function isUrl(text: string | undefined): text is string {
  return text !== undefined && URL.canParse(text)
}
