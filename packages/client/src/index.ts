// The client
export { createClient, type CallOptions, type LumaClient } from './client.ts'
export type { ClientOptions, ModifyRequest } from './options.ts'
export type { TaskDetails } from './details.ts'
export { callbackUrl } from './callback-url.ts'

// Is a callback true?
export { confirm } from './confirm.ts'
export { callbackOf } from './callback-of.ts'

// Callbacks that never come
export { pollResult, type PollOptions } from './poll-result.ts'
export { reconcile, type Reconciler } from './reconcile.ts'
export type { ReconcileOptions } from './reconcile-options.ts'
export { describeReconcileEvent, type ReconcileEvent } from './reconcile-events.ts'
export { trackTasks, type OpenTask, type TaskList, type TrackedTasks } from './track-tasks.ts'

// Errors
export { ApiError, UntrackedError, type ApiErrorCode, type ApiErrorOptions } from './errors.ts'
