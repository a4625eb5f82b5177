// `@luma-callback/core/internal`: what only the packages of this repository share. No version promises any of it.

export { createHandlerOn } from '../receive/handler.ts'
export { memoryDedupeOn } from '../direct/dedupe.ts'
export { LONGEST_TIMER, systemClock } from '../internal/clock.ts'
export { nearestName } from '../internal/nearest-name.ts'
export { pause, within } from '../internal/promises.ts'
export { limited, type Limited } from '../internal/deadline.ts'
export { createSlots, type Slots } from '../internal/semaphore.ts'
export { printable } from '../internal/printable.ts'
export { readRetryAfter } from '../internal/retry-after.ts'
export { backoffDelay } from '../hooks/backoff.ts'
export { closeTimeout } from '../inbox/close-timeout.ts'
export { SUSPECT } from '../inbox/held-jobs.ts'
export { DONE_KEPT, LATE } from '../inbox/sweep.ts'
export { WAIT_RULES } from '../wait/wait-for.ts'
export { checkOptions, has, wrongOption, type Filled, type Rule, type Rules } from '../internal/check-options.ts'
export {
  abortSignal,
  callable,
  custom,
  date,
  flag,
  having,
  httpUrl,
  integer,
  isHttpUrl,
  list,
  mapped,
  milliseconds,
  nested,
  number,
  object,
  oneOf,
  optional,
  retry,
  someText,
  text,
} from '../internal/option-rules.ts'
export { readQuery } from '../request/request.ts'
export { createEmit } from '../events/events.ts'
export { toError } from '../errors/errors.ts'
