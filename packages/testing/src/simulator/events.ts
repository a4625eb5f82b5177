import { toError } from '@luma-callback/core/internal'

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

/** A callback that was sent, or begun. */
export interface SimulatorDelivery {
  readonly taskId: string
  /** Counted from 1 for each task, duplicates and contradictions included. */
  readonly attempt: number
  readonly kind: 'first' | 'retry' | 'duplicate' | 'contradiction'
  /** Unix milliseconds. */
  readonly sentAt: number
  /** In milliseconds. */
  readonly duration: number
  /** The receiver's answer; `undefined` if there was none. Only 200 is a success. */
  readonly status: number | undefined
  /** Why there was no answer. */
  readonly error: string | undefined
  /** The beginning of the answer's body. */
  readonly answer: string
}

/** Everything notable that a simulator does, in one union; narrow on `type`. */
export type SimulatorEvent =
  /** A task was taken. */
  | { type: 'submitted'; task: SimulatorTask }
  /** An API call was answered with another `code` than 200. */
  | { type: 'refused'; method: string; path: string; code: number; msg: string }
  /** A task is finished, as `task.state` says. */
  | { type: 'generated'; task: SimulatorTask }
  /** A callback was answered 200. */
  | { type: 'delivered'; delivery: SimulatorDelivery }
  /** A callback failed and is sent again in `delay` milliseconds. */
  | { type: 'retrying'; delivery: SimulatorDelivery; delay: number }
  /** A callback failed and is not sent again: it was the last retry, or one beyond the first 200. */
  | { type: 'undelivered'; delivery: SimulatorDelivery }
  /** A link to a result file was given. */
  | { type: 'linked'; url: string; link: string }
  /** A result file was asked for. `cut` is one that was broken off on purpose; `bytes` are those of its body. */
  | {
      type: 'file'
      method: string
      path: string
      status: number
      result: 'served' | 'cut' | 'expired' | 'missing' | 'refused'
      bytes: number
    }

/** Hands an event to the user's observer. Never throws, whatever the observer does. */
export type Emit = (event: SimulatorEvent) => void

export function createEmit(observe: ((event: SimulatorEvent) => unknown) | undefined): Emit {
  function complain(error: unknown): void {
    console.error(`simulator: the function given as "observe" failed: ${toError(error).message}`)
  }
  return (event) => {
    try {
      const result = observe?.(event)
      // A promise of another realm or library is one too, and its rejection ends the process if it is not caught.
      if (typeof result === 'object' && result !== null && 'then' in result) Promise.resolve(result).catch(complain)
    } catch (error) {
      complain(error)
    }
  }
}
