import type { SimulatorRequest, SimulatorTask } from './events.ts'
import type { Plan } from './plan.ts'

/** A task while it changes, and what is to become of it. */
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
    // The capital M is the provider's: it is `watermark` when a task is submitted, and `waterMark` here.
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

/** What users are shown: a copy, so that what they keep does not change under them. */
export function viewTask({ plan: _plan, ...task }: Task): SimulatorTask {
  return task
}
