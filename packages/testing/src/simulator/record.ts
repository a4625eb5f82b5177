import type { Task } from './task.ts'

/** What `record-info` tells of a task. What it holds before a task is finished is not documented: it is null here. */
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

/** 0 generating, 1 success, 2 creating failed, 3 generation failed, 4 success that could not be called back. */
function successFlag({ state, callback, plan }: Task): number {
  if (state === 'generating') return 0
  if (state === 'success') return callback === 'undelivered' ? 4 : 1
  return plan.outcome === 'creation failed' ? 2 : 3
}
