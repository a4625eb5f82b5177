// `@luma-callback/core/inbox`: what authors of inboxes and dedupe stores need besides the contracts, which users name too.

// Engines
export { createInbox, type CreateInboxOptions } from '../inbox/create-inbox.ts'
export type { InboxEngine } from '../inbox/engine.ts'
export type { InboxOptions } from '../inbox/contract.ts'

// Runners
export { createRunner, type Runner } from '../inbox/runner.ts'
export { foreignJob, type ForeignJob, type Job, type JobStore, type RunnerOptions } from '../inbox/job.ts'
export type { JobFailure } from '../inbox/failure.ts'
export type { Deliver, DeliverOptions } from '../hooks/hooks.ts'

// Parts
export type { Emit } from '../events/events.ts'
export type { Clock, Timer } from '../internal/clock.ts'
export type { Claim, ClaimRef } from '../direct/dedupe.ts'
export { gather } from '../inbox/batch.ts'
export { keyHash } from '../callback/key.ts'
export { readListOptions } from '../inbox/list-options.ts'
