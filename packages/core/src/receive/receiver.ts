import type { LumaAnswer } from './answers.ts'
import type { LumaCallback } from '../callback/parse.ts'
import type { CloseOptions, Recorded } from '../inbox/contract.ts'
import type { LumaRequest } from '../request/request.ts'
import type { WaitOptions } from '../wait/wait-for.ts'

/** Starting and ending, the same for a handler and for every adapter's middleware. */
export interface LumaLifecycle {
  /** Starts the inbox, which first takes up what a crash left behind. Else the first request does. */
  start(): Promise<void>
  /**
   * Answers 503 from now on and lets running hooks finish; after `timeout` milliseconds (20 000 by default)
   * their signals abort. Calling it again changes nothing.
   *
   * @throws TypeError for a timeout that is not a number of at least 0; then nothing is closed.
   */
  close(options?: CloseOptions): Promise<void>
}

/** What became of a callback that was handed in; `dead`: it had come before, and its hook failed for good. */
export type Received = Recorded | 'dead'

/** What a receiver can do besides answering requests, the same for a handler and for every adapter's middleware. */
export interface LumaReceiver extends LumaLifecycle {
  /**
   * Takes in a callback that came another way than by HTTP, such as what the API told of a task. It goes through the same
   * inbox, by the same atomic write: if the callback itself comes too, the hook runs once. With `trust`, a callback that is
   * dead because it was rejected or not confirmed gets another run.
   *
   * @throws LumaError if it could not be recorded; try again.
   */
  receive(callback: LumaCallback): Promise<Received>
  /**
   * True if a callback of this task is remembered and not dead; with `trust`, only once it is confirmed and its hook is done.
   * False too if the option `key` makes other keys than the default.
   */
  has(taskId: string): Promise<boolean>
  /**
   * Resolves with a task's callback: one that had come before, or the next to come, also to another process on the same
   * inbox. With `trust`, only with one that is confirmed.
   *
   * @throws WaitTimeoutError (`ERR_LUMA_WAIT_TIMEOUT`), what the signal was aborted with, or a TypeError for a timeout that
   * is none.
   */
  waitFor(taskId: string, options?: WaitOptions): Promise<LumaCallback>
}

/** The receiver without a framework: a function from a plain request to a plain answer. */
export interface LumaHandler extends LumaReceiver {
  /** The option `path` as it is compared, for adapters. */
  readonly path: string
  /** True if every callback has to be signed, for adapters. */
  readonly isSigned: boolean
  /**
   * Handles one request. Whatever state its body is in, this settles; it rejects only for errors that are
   * not the request's, such as a `key` function that throws.
   */
  handle(request: LumaRequest): Promise<LumaAnswer>
}
