import type { SimulatorRequest, SimulatorTask } from './events.ts'
import type { Plan } from './plan.ts'

/** A task with its current state and its plan. */
export type Task = { -readonly [Name in keyof SimulatorTask]: SimulatorTask[Name] } & { readonly plan: Plan }

export function createTask(request: SimulatorRequest, number: number, plan: Plan): Task {
  const { prompt, videoUrl, callBackUrl, watermark } = request
  return {
    prompt,
    videoUrl,
    callBackUrl,
    watermark,
    number,
    taskId: plan.taskId,
    // The provider's spelling: `watermark` in a submission, `waterMark` here.
    promptJson: JSON.stringify({ callBackUrl, prompt, videoUrl, waterMark: watermark ?? '' }),
    generationTime: plan.generationTime,
    state: 'generating',
    resultUrls: [],
    callback: callBackUrl === undefined ? 'none' : 'pending',
    createTime: Date.now(),
    completeTime: undefined,
    plan,
  }
}

/** A copy for users, which does not change later. */
export function viewTask({ plan: _plan, ...task }: Task): SimulatorTask {
  return task
}
