import type { Plan } from './plan.ts'

/** What is submitted to `POST /api/v1/modify/generate`. */
export interface SimulatorRequest {
  prompt: string
  videoUrl: string
  /** Left out: the task is not called back. */
  callBackUrl?: string | undefined
  watermark?: string | undefined
}

/** A task as it is at one moment. */
export interface SimulatorTask extends Readonly<SimulatorRequest> {
  /** Counted from 1, in the order of submission. */
  readonly number: number
  readonly taskId: string
  /** The request as a callback tells it. */
  readonly promptJson: string
  /** How long it takes, in milliseconds. */
  readonly generationTime: number
  readonly state: 'generating' | 'success' | 'failure'
  /** Empty unless the state is `success`. */
  readonly resultUrls: readonly string[]
  /** What became of calling back; `none` without a `callBackUrl`. */
  readonly callback: 'none' | 'pending' | 'delivered' | 'undelivered'
  /** Unix milliseconds. */
  readonly createTime: number
  readonly completeTime: number | undefined
}

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
