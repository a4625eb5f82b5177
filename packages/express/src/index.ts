// The middleware
export { lumaCallback, type LumaMiddleware } from './middleware.ts'
export type { ExpressRequest } from './request.ts'

// The handler below this adapter
export {
  createHandler,
  createMount,
  pathOf,
  readQuery,
  toOptions,
  type LumaHandler,
  type LumaLifecycle,
  type LumaReceiver,
  type Received,
  type LumaOptions,
  type LumaRequest,
  type LumaAnswer,
  type Mount,
  type Place,
  type RefusalReason,
  type Secret,
  type SecretFunction,
  type Secrets,
  type Trust,
  type Verify,
  type WaitOptions,
} from '@luma-callback/core'

// Callbacks
export {
  parseCallback,
  type CallbackCommon,
  type CallbackSource,
  type LumaCallback,
  type LumaFailure,
  type LumaSuccess,
  type CallbackIssue,
  type ModifyParams,
} from '@luma-callback/core'

// Hooks
export { type FailureHook, type HookContext, type SuccessHook, type RetrySchedule } from '@luma-callback/core'

// Inboxes and dedupe stores
export {
  backoffDelay,
  createRunner,
  createSlots,
  gather,
  keyHash,
  limited,
  LONGEST_TIMER,
  memoryDedupe,
  noCallback,
  pause,
  readEngineOptions,
  readListOptions,
  readRetryAfter,
  systemClock,
  within,
  withSpool,
  type CloseOptions,
  type Deliver,
  type DeliverOptions,
  type DeliveryState,
  type DurableInbox,
  type Inbox,
  type InboxEntry,
  type InboxOptions,
  type InboxPage,
  type InboxStats,
  type Job,
  type JobStore,
  type ListOptions,
  type OptionRule,
  type Recorded,
  type Limited,
  type Slots,
  type Runner,
  type RunnerOptions,
  type SpoolOptions,
  type Claim,
  type DedupeStore,
  type MemoryDedupeOptions,
  type Clock,
  type Timer,
} from '@luma-callback/core'

// Signatures
export { sign, type Signed } from '@luma-callback/core'

// Events
export { createEmit, describeEvent, printable, type Emit, type LumaEvent, type Observer } from '@luma-callback/core'

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
} from '@luma-callback/core'
