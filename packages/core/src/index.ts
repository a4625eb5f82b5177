// What users need. Each adapter hands all of it on, so that a user imports from one package.

// The receiver
export { createHandler } from './receive/handler.ts'
export type { LumaHandler, LumaLifecycle, LumaReceiver, Received } from './receive/receiver.ts'
export type { LumaOptions } from './options/options.ts'
export type { Verify } from './verify/verify.ts'
export type { LumaRequest } from './request/request.ts'
export type { LumaAnswer } from './receive/answers.ts'
export type { RefusalReason } from './errors/refusal.ts'
export type { Secret, SecretFunction, Secrets } from './verify/secret.ts'

// Callbacks
export { parseCallback } from './callback/parse.ts'
export type { CallbackCommon, CallbackSource, LumaCallback, LumaFailure, LumaSuccess } from './callback/parse.ts'
export type { CallbackIssue, ModifyParams } from './callback/side-fields.ts'
export { sign, type Signed } from './verify/signature.ts'

// Hooks, trust and waiting
export type { FailureHook, HookContext, SuccessHook } from './hooks/hooks.ts'
export type { RetrySchedule } from './hooks/backoff.ts'
export type { Trust } from './hooks/trust.ts'
export type { WaitOptions } from './wait/wait-for.ts'

// Inboxes and dedupe stores
export { withSpool, type SpoolOptions } from './inbox/spool.ts'
export { memoryDedupe, type DedupeStore, type MemoryDedupeOptions } from './direct/dedupe.ts'
export type { CloseOptions, DeliveryState, DurableInbox, Inbox, Recorded } from './inbox/contract.ts'
export type { InboxEntry, InboxPage, InboxStats, ListOptions } from './inbox/contract.ts'

// Events
export { describeEvent } from './events/describe.ts'
export type { LumaEvent, Observer } from './events/events.ts'

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
  NoHookError,
  NodeVersionError,
  NoSecretError,
  OtherFamilyError,
  StoreUnavailableError,
  UnconfirmedError,
  UnrecoverableError,
  WaitTimeoutError,
} from './errors/errors.ts'
export { isLumaError } from './errors/is-luma-error.ts'
export { LumaError } from './errors/luma-error.ts'
export type { LumaErrorCode, LumaErrorOf } from './errors/codes.ts'
