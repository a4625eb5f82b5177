import type { RetrySchedule } from '../hooks/backoff.ts'
import { callProblem } from './call-hints.ts'
import type { LumaCallback } from '../callback/parse.ts'
import { checkOptions, wrongOption, type Rules } from '../internal/check-options.ts'
import {
  bytes,
  callable,
  custom,
  having,
  integer,
  mapped,
  milliseconds,
  optional,
  retry,
} from '../internal/option-rules.ts'
import type { DedupeStore } from '../direct/dedupe.ts'
import type { Observer } from '../events/events.ts'
import type { FailureHook, SuccessHook } from '../hooks/hooks.ts'
import type { Inbox } from '../inbox/contract.ts'
import { dedupeHint, hookProblem, inboxHint, trustHint } from './option-hints.ts'
import { normalisePath, pathProblem } from '../request/path.ts'
import { secretProblem, type Secret } from '../verify/secret.ts'
import type { Verify } from '../verify/verify.ts'
import type { Trust } from '../hooks/trust.ts'

/** The options of `lumaCallback`. Times are in milliseconds, except `tolerance`. */
export interface LumaOptions {
  /** Runs once for each task that succeeded. May be async. If it throws, it is retried. */
  onSuccess: SuccessHook
  /** Runs once for each task that failed. Without it a failure is answered 200, and `observe` gets an error event. */
  onFailure?: FailureHook | undefined
  /**
   * The path that it answers at, if `app.use` has no mount point. It is compared like the path of a route. With `'*'` the
   * receiver answers every call, for wrappers, controllers and frameworks that hide it. Default: `/luma-modify-callback`.
   */
  path?: string | undefined
  /** Stores callbacks durably between the answer and the hook. Default: direct mode, which stores nothing. */
  inbox?: Inbox | undefined
  /** Remembers handled callbacks in direct mode. Default: `memoryDedupe()`, which works for one process. */
  dedupe?: DedupeStore | undefined
  /**
   * The account's `webhookHmacKey`; or several, while one is replaced; or a function of the request, for several tenants.
   * Without it callbacks are not verified, and each process warns once. `undefined`, as from an environment variable that is
   * not set, is a TypeError, so that it cannot switch verification off.
   */
  secret?: Secret | undefined
  /** The largest difference between the signature's time and now, in seconds. Default: 300. */
  tolerance?: number | undefined
  /** Your own check after the signature. If it throws, rejects or gives `false` (`null`, `0`, `''`), the answer is 401. */
  verify?: Verify | undefined
  /**
   * Confirms a callback before each run of its hook; with an inbox, after the answer. With `confirm(client)` of
   * `@luma-callback/client`, hooks get the API's version. Default: callbacks are not confirmed.
   */
  trust?: Trust | undefined
  /** The deadline for the answer in direct mode. Default: 10 000; at most 14 000, because the provider waits 15 s. */
  ackTimeout?: number | undefined
  /**
   * The time for one run of a hook. Then its signal aborts and the attempt counts as failed. A hook that ignores its signal gets
   * the same time again to end before its next run begins in this process. Default: 600 000.
   */
  hookTimeout?: number | undefined
  /** The retries of a failed callback that was answered 200: exponential, half jitter. Default: 5 attempts, 1 000, 300 000. */
  retry?: { [Name in keyof RetrySchedule]?: RetrySchedule[Name] | undefined } | undefined
  /** The most hooks that run at once in this process. Default: 10. */
  concurrency?: number | undefined
  /** The largest body, in bytes or as `'256kb'` (1 kB is 1 024 bytes). Default: 262 144. */
  bodyLimit?: number | string | undefined
  /** The time for a body to arrive. Default: 10 000. */
  bodyTimeout?: number | undefined
  /** The time that a key is remembered. Default: 14 days. At least twice `tolerance`, or a replay could count as new. */
  retention?: number | undefined
  /** Gives the key of a callback; callbacks with the same key are duplicates. Default: task id and outcome, `callback.key`. */
  key?: ((callback: LumaCallback) => string) | undefined
  /** Called with each event. Default: prints events that need attention with `console.error`; repeated ones as a count. */
  observe?: Observer | undefined
}

/** The options with all defaults. */
export interface ReceiverSettings {
  onSuccess: SuccessHook
  onFailure: FailureHook | undefined
  path: string
  inbox: Inbox | undefined
  dedupe: DedupeStore | undefined
  secret: Secret | undefined
  tolerance: number
  verify: Verify | undefined
  trust: Trust | undefined
  ackTimeout: number
  hookTimeout: number
  retry: RetrySchedule
  concurrency: number
  /** Bytes. */
  bodyLimit: number
  bodyTimeout: number
  retention: number
  key: LumaOptions['key']
  observe: Observer | undefined
}

const CALLER = 'lumaCallback'
const DAY = 24 * 60 * 60 * 1000

/**
 * Turns the arguments of `lumaCallback(onSuccess, options?)` or `lumaCallback(options)` into one object. A third one, which
 * only TypeScript forbids, is refused.
 *
 * @throws TypeError that says what to write, if the arguments have another form.
 */
export function toOptions(
  first: SuccessHook | LumaOptions,
  second?: Omit<LumaOptions, 'onSuccess'>,
  third?: unknown,
): LumaOptions {
  const problem = callProblem(first, second, third)
  if (problem !== undefined) throw new TypeError(`${CALLER}: ${problem}`)
  if (typeof first !== 'function') return first
  if (second && 'onSuccess' in second)
    throw wrong('onSuccess', 'was given twice: as the first argument and as an option')
  // Options may come from a class or a prototype. Inherited ones count, or a `secret` there would be lost.
  const inherited = Object.keys(RULES).filter((name) => second && name in second)
  const given = inherited.map((name) => [name, (second as Record<string, unknown>)[name]] as const)
  return { ...second, ...Object.fromEntries(given), onSuccess: first }
}

/**
 * Checks options and fills in their defaults.
 *
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readOptions(options: LumaOptions): ReceiverSettings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `${CALLER}: give it a function to call on success, or an object of options; createHandler takes options alone, as in createHandler({ onSuccess })`,
    )
  }
  const given: unknown = options.secret
  if ('secret' in options && (given === undefined || given === null)) {
    throw wrong(
      'secret',
      `is ${given}; is an environment variable not set? To take callbacks unverified, leave the option out`,
    )
  }
  const settings = checkOptions(CALLER, options, RULES)
  if (settings.inbox && options.dedupe) throw wrong('dedupe', 'is for direct mode; an inbox has a memory of its own')
  if (settings.retry.minDelay > settings.retry.maxDelay) throw wrong('retry.minDelay', 'is greater than retry.maxDelay')
  if (settings.retention < settings.tolerance * 2000)
    throw wrong('retention', 'must be at least twice the tolerance; it is in milliseconds, the tolerance in seconds')
  return settings
}

const RULES: Rules<ReceiverSettings> = {
  onSuccess: custom(hookProblem),
  onFailure: optional(custom(hookProblem)),
  path: mapped(optional(custom<string>(pathProblem), '/luma-modify-callback'), normalisePath),
  inbox: optional(having(['record', 'start', 'close'], "sqliteInbox('luma.db')", inboxHint)),
  dedupe: optional(having(['claim', 'renew', 'complete', 'release'], 'memoryDedupe()', dedupeHint)),
  secret: optional(custom((value) => (typeof value === 'function' ? undefined : secretProblem(value)))),
  tolerance: integer({ most: 24 * 60 * 60, fallback: 300, unit: 'seconds' }),
  verify: optional(callable('(request, callback) => { … }, or confirm(client) of @luma-callback/client')),
  trust: optional(having(['confirm'], 'confirm(client) of @luma-callback/client', trustHint)),
  ackTimeout: milliseconds({ most: 14_000, fallback: 10_000, because: 'the provider waits 15 s' }),
  hookTimeout: milliseconds({ fallback: 10 * 60 * 1000 }),
  retry: retry({
    attempts: integer({ fallback: 5 }),
    minDelay: milliseconds({ least: 0, fallback: 1000 }),
    maxDelay: milliseconds({ least: 0, fallback: 5 * 60 * 1000 }),
  }),
  concurrency: integer({ fallback: 10 }),
  bodyLimit: bytes({ fallback: 256 * 1024 }),
  bodyTimeout: milliseconds({ fallback: 10_000 }),
  retention: integer({ fallback: 14 * DAY, unit: 'milliseconds' }),
  key: optional(callable('(callback) => callback.taskId')),
  observe: optional(callable('(event) => console.log(describeEvent(event))')),
}

function wrong(name: string, problem: string): TypeError {
  return wrongOption({ caller: CALLER, name }, problem)
}
