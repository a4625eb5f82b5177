import { parseCallback, type LumaCallback } from '@luma-callback/core'
import type { TaskDetails } from './details.ts'

/** What the provider's own callbacks say; see its documentation. */
const SUCCEEDED = 'Modify record generated successfully.'
const FAILED = 'Modify record generation failed.'

/**
 * The callback that the provider sends, or would have sent, of a task that is finished: same fields, same spelling, so
 * that it and the true one are the same wherever the API tells the same.
 *
 * @param details - Of a task that is not generating any more.
 * @throws TypeError for one that is.
 */
export function callbackOf(
  details: TaskDetails,
  { receivedAt = new Date() }: { receivedAt?: Date } = {},
): LumaCallback {
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
  return { ...callback, query: queryOf(callback.params?.callBackUrl) }
}

/** What a user put into the URL that is called back; from the API, so that nobody on the way could change it. */
function queryOf(callBackUrl: string | undefined): Record<string, string> {
  if (callBackUrl === undefined || !URL.canParse(callBackUrl)) return {}
  return Object.fromEntries(new URL(callBackUrl).searchParams)
}
