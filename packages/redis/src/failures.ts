import type { JobFailure } from '@luma-callback/core/inbox'
import type { Job } from 'bullmq'

/** Between the text of a failure and its code; a text of ours has no line break. */
const BEFORE_CODE = '\n    code: '

/**
 * A failure as BullMQ keeps it in one step with the end of the run: the text is the reason. In place of the stack, which the
 * observer is told, stands the text with the code.
 */
export function toBullError({ text, code }: JobFailure): Error {
  const error = new Error(text)
  error.stack = code === undefined ? text : `${text}${BEFORE_CODE}${code}`
  return error
}

/** What the latest run of a job failed with; undefined if none has, or if it is not known any more. */
export function failureIn({
  failedReason,
  stacktrace,
}: Pick<Job, 'failedReason' | 'stacktrace'>): JobFailure | undefined {
  if (!failedReason) return undefined
  const stack = stacktrace?.at(-1) ?? ''
  const start = `${failedReason}${BEFORE_CODE}`
  return { text: failedReason, code: stack.startsWith(start) ? stack.slice(start.length) : undefined }
}
