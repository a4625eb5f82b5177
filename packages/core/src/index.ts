// The receiver
export { createHandler } from './handler.ts'
export type { LumaHandler, LumaLifecycle, LumaReceiver, Received } from './receiver.ts'
export { toOptions, type LumaOptions, type Verify } from './options.ts'
export { readQuery, type LumaRequest } from './request.ts'
export { createMount, type Mount, type Place } from './mount.ts'
export { pathOf } from './path.ts'
export type { LumaAnswer } from './answers.ts'
export type { RefusalReason } from './refusal.ts'
export type { Secret, SecretFunction, Secrets } from './secret.ts'

// Callbacks
export { parseCallback } from './callback.ts'
export type { CallbackCommon, CallbackSource, LumaCallback, LumaFailure, LumaSuccess } from './callback.ts'
export type { CallbackIssue, ModifyParams } from './side-fields.ts'

// Trust and waiting
export type { Trust } from './trust-contract.ts'
export type { WaitOptions } from './waiting.ts'

// Hooks
export type { FailureHook, HookContext, SuccessHook } from './hooks.ts'
export { backoffDelay, type RetrySchedule } from './backoff.ts'

// Inboxes and dedupe stores
export type { CloseOptions, Inbox, InboxOptions, Recorded } from './inbox.ts'
export type { Deliver, DeliverOptions } from './hooks.ts'
export type { DeliveryState, DurableInbox, InboxEntry, InboxPage, InboxStats, ListOptions } from './inbox.ts'
export { withSpool, type SpoolOptions } from './spool.ts'
export { createRunner, type Runner } from './runner.ts'
export { noCallback, type Job, type JobStore, type RunnerOptions } from './job.ts'
export { keyHash } from './key.ts'
export { gather } from './gather.ts'
export { readListOptions } from './list-options.ts'
export { readEngineOptions, type OptionRule } from './engine-options.ts'
export { memoryDedupe, type Claim, type DedupeStore, type MemoryDedupeOptions } from './dedupe.ts'
export { LONGEST_TIMER, systemClock, type Clock, type Timer } from './clock.ts'
export { pause, within } from './promises.ts'
export { limited, type Limited } from './limited.ts'
export { readRetryAfter } from './retry-after.ts'
export { createSlots, type Slots } from './slots.ts'

// Signatures
export { sign, type Signed } from './verify.ts'

// Events
export { describeEvent } from './event-text.ts'
export { printable } from './printable.ts'
export { createEmit, type Emit, type LumaEvent, type Observer } from './events.ts'

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
} from './errors.ts'
