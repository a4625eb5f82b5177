import type { Task } from './task.ts'

/** The answer of `record-info` about a task. The provider does not document the fields of an unfinished task: they are null. */
export function recordOf(task: Task): object {
  const { taskId, promptJson, videoUrl, resultUrls, createTime, completeTime = null } = task
  const isFailure = task.state === 'failure'
  return {
    taskId,
    paramJson: promptJson,
    completeTime,
    response: task.state === 'success' ? { taskId, originUrls: [videoUrl], resultUrls } : null,
    successFlag: successFlag(task),
    createTime,
    errorCode: isFailure ? 500 : null,
    errorMessage: isFailure ? FAILURES[task.plan.outcome] : null,
  }
}

const FAILURES: Record<Task['plan']['outcome'], string | null> = {
  success: null,
  'creation failed': 'Creating the task failed.',
  'generation failed': 'Modify record generation failed.',
}

/** 0: generating. 1: success. 2: creation failed. 3: generation failed. 4: success whose callback failed. */
function successFlag({ state, callback, plan }: Task): number {
  if (state === 'generating') return 0
  if (state === 'success') return callback === 'undelivered' ? 4 : 1
  return plan.outcome === 'creation failed' ? 2 : 3
}
