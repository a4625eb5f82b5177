// The receiver
export { createHandler } from './receive/handler.ts'
export type { LumaHandler, LumaLifecycle, LumaReceiver, Received } from './receive/receiver.ts'
export { toOptions, type LumaOptions, type Verify } from './options/options.ts'
export { readQuery, type LumaRequest } from './request/request.ts'
export { createMount, type Mount, type Place } from './mount/mount.ts'
export { pathOf } from './request/path.ts'
export type { LumaAnswer } from './receive/answers.ts'
export type { RefusalReason } from './errors/refusal.ts'
export type { Secret, SecretFunction, Secrets } from './verify/secret.ts'

// Callbacks
export { parseCallback } from './callback/parse.ts'
export type { CallbackCommon, CallbackSource, LumaCallback, LumaFailure, LumaSuccess } from './callback/parse.ts'
export type { CallbackIssue, ModifyParams } from './callback/side-fields.ts'

// Trust and waiting
export type { Trust } from './hooks/trust.ts'
export type { WaitOptions } from './wait/wait-for.ts'

// Hooks
export type { FailureHook, HookContext, SuccessHook } from './hooks/deliver.ts'
export { backoffDelay, type RetrySchedule } from './hooks/backoff.ts'

// Inboxes and dedupe stores
export type { CloseOptions, Inbox, InboxOptions, Recorded } from './inbox/contract.ts'
export type { Deliver, DeliverOptions } from './hooks/deliver.ts'
export type { DeliveryState, DurableInbox, InboxEntry, InboxPage, InboxStats, ListOptions } from './inbox/contract.ts'
export { withSpool, type SpoolOptions } from './inbox/spool.ts'
export { createRunner, type Runner } from './inbox/runner.ts'
export { noCallback, type Job, type JobStore, type RunnerOptions } from './inbox/job.ts'
export { keyHash } from './callback/key.ts'
export { gather } from './inbox/batch.ts'
export { readListOptions } from './inbox/list-options.ts'
export { readEngineOptions, type OptionRule } from './inbox/engine-options.ts'
export { memoryDedupe, type Claim, type DedupeStore, type MemoryDedupeOptions } from './direct/dedupe.ts'
export { LONGEST_TIMER, systemClock, type Clock, type Timer } from './internal/clock.ts'
export { pause, within } from './internal/promises.ts'
export { limited, type Limited } from './internal/deadline.ts'
export { readRetryAfter } from './internal/retry-after.ts'
export { createSlots, type Slots } from './internal/semaphore.ts'

// Signatures
export { sign, type Signed } from './verify/signature.ts'

// Events
export { describeEvent } from './events/describe.ts'
export { printable } from './events/printable.ts'
export { createEmit, type Emit, type LumaEvent, type Observer } from './events/events.ts'

// Errors
export {
  BusyError,
  ClosedError,
  ForgedError,
  HookFailedError,
  HookTimeoutError,
  InboxFileError,
  InProgressError,
  InvalidCallbackError,
  LeaseLostError,
  LumaError,
  NoHookError,
  NodeVersionError,
  NoSecretError,
  OtherFamilyError,
  StoreUnavailableError,
  toError,
  UnconfirmedError,
  UnrecoverableError,
  WaitTimeoutError,
  type LumaErrorCode,
} from './errors/errors.ts'
