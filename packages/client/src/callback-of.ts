import { parseCallback, type CallbackIssue, type LumaCallback } from '@luma-callback/core'
import { checkOptions, date, optional, readQuery } from '@luma-callback/core/internal'
import type { TaskDetails } from './details.ts'

/** The messages of the provider's own callbacks; see its documentation. */
const SUCCEEDED = 'Modify record generated successfully.'
const FAILED = 'Modify record generation failed.'

/**
 * Makes the callback of a finished task from the API's details, with the same fields and spelling as the provider's own.
 * So both callbacks are equal wherever the API and the provider say the same. The `query` comes from the `callBackUrl` in
 * the details; if that is missing or invalid, `issues` says so.
 *
 * @param details - The details of a finished task.
 * @throws TypeError if the task is still generating.
 */
export function callbackOf(details: TaskDetails, options?: { receivedAt?: Date | undefined }): LumaCallback {
  const { receivedAt = new Date() } = checkOptions('callbackOf', options, { receivedAt: optional(date) })
  const { taskId, state, resultUrls, promptJson, errorCode, errorMessage } = details
  if (state === 'generating') throw new TypeError(`task ${taskId} is still generating; it has no callback yet`)
  const data = { taskId, ...(promptJson !== undefined && { promptJson }) }
  // A failure with the code 200 would read as a success without results.
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

/** The query comes from the API, not from the URL that was called, because a caller can change that URL. */
function queryIssues({ params }: LumaCallback): CallbackIssue[] {
  const why = 'is unknown, because the API does not return the request that started the task'
  const isKnown = params !== undefined && (params.callBackUrl === undefined || isUrl(params.callBackUrl))
  return isKnown ? [] : [{ path: 'query', message: why }]
}

function isUrl(text: string | undefined): text is string {
  return text !== undefined && URL.canParse(text)
}
