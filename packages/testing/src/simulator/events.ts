import { toError } from '@luma-callback/core/internal'

/** The request of `POST /api/v1/modify/generate`. */
export interface SimulatorRequest {
  prompt: string
  videoUrl: string
  /** Without it the task gets no callback. */
  callBackUrl?: string | undefined
  watermark?: string | undefined
}

/** A snapshot of a task. */
export interface SimulatorTask extends Readonly<SimulatorRequest> {
  /** Counted from 1, in the order of submission. */
  readonly number: number
  readonly taskId: string
  /** The request, as the callback has it. */
  readonly promptJson: string
  /** Milliseconds. */
  readonly generationTime: number
  readonly state: 'generating' | 'success' | 'failure'
  /** Empty unless the state is `success`. */
  readonly resultUrls: readonly string[]
  /** The state of the callback; `none` without a `callBackUrl`. */
  readonly callback: 'none' | 'pending' | 'delivered' | 'undelivered'
  /** Unix milliseconds. */
  readonly createTime: number
  readonly completeTime: number | undefined
}

/** A callback that was sent, at least in part. */
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

/** The events of a simulator. Narrow on `type`. */
export type SimulatorEvent =
  /** A task was accepted. */
  | { type: 'submitted'; task: SimulatorTask }
  /** An API call got a `code` other than 200. */
  | { type: 'refused'; method: string; path: string; code: number; msg: string }
  /** A task is finished, as `task.state` says. */
  | { type: 'generated'; task: SimulatorTask }
  /** A callback was answered 200. */
  | { type: 'delivered'; delivery: SimulatorDelivery }
  /** A callback failed and is sent again in `delay` milliseconds. */
  | { type: 'retrying'; delivery: SimulatorDelivery; delay: number }
  /** A callback failed and is not sent again: it was the last retry, or a duplicate or contradiction after the 200. */
  | { type: 'undelivered'; delivery: SimulatorDelivery }
  /** The API gave a link to a result file. */
  | { type: 'linked'; url: string; link: string }
  /** A result file was requested. `cut`: it was cut off on purpose. `bytes`: the size of the body that was sent. */
  | {
      type: 'file'
      method: string
      path: string
      status: number
      result: 'served' | 'cut' | 'expired' | 'missing' | 'refused'
      bytes: number
    }

/** Passes an event to the user's observer. Never throws. */
export type Emit = (event: SimulatorEvent) => void

export function createEmit(observe: ((event: SimulatorEvent) => unknown) | undefined): Emit {
  function complain(error: unknown): void {
    console.error(`simulator: the function given as "observe" failed: ${toError(error).message}`)
  }
  return (event) => {
    try {
      const result = observe?.(event)
      // Also a promise of another realm or library: an unhandled rejection would end the process.
      if (typeof result === 'object' && result !== null && 'then' in result) Promise.resolve(result).catch(complain)
    } catch (error) {
      complain(error)
    }
  }
}
