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

/** What `lumaCallback` can be told. Times are milliseconds, `tolerance` aside. */
export interface LumaOptions {
  /** Runs for each task that succeeded, once. May be async; what it throws means: try again. */
  onSuccess: SuccessHook
  /** Runs for each task that failed, once. Without it a failure is acknowledged and told to `observe` as an error. */
  onFailure?: FailureHook | undefined
  /**
   * Where `app.use` without a mount point answers; compared as the framework's router compares a route's path. `'*'`: the
   * receiver answers wherever it is called, for wrappers, controllers and frameworks that hide it. Default:
   * `/luma-modify-callback`.
   */
  path?: string | undefined
  /** Keeps callbacks durably between the answer and the hook. Default: direct mode, which keeps nothing. */
  inbox?: Inbox | undefined
  /** Remembers what was handled, in direct mode. Default: `memoryDedupe()`, good for one process. */
  dedupe?: DedupeStore | undefined
  /**
   * The account's `webhookHmacKey`; several while one is rotated out; or a function of the request, for many
   * tenants. Left out: callbacks are not verified, with one warning a process. Given as `undefined`, as by an
   * environment variable that is not set: a TypeError, for that must not switch verification off.
   */
  secret?: Secret | undefined
  /** How far the signature's time may be off, past or future, in seconds. Default: 300. */
  tolerance?: number | undefined
  /** One more check of your own, after the signature: throws, rejects or gives `false` (`null`, `0`, `''`) to answer 401. */
  verify?: Verify | undefined
  /**
   * Asked before each run of a hook, and after the answer where there is an inbox, whether the callback is true: with
   * `confirm(client)` of `@luma-callback/client`, hooks get what the API says. Default: a callback is taken at its word.
   */
  trust?: Trust | undefined
  /** Direct mode's deadline for the answer. Default: 10 000, at most 14 000: the provider waits 15 s. */
  ackTimeout?: number | undefined
  /**
   * How long one run of a hook may take; then its signal aborts and the attempt counts as failed. A hook that heeds no
   * signal gets as long again to end before its next run begins in this process. Default: 600 000.
   */
  hookTimeout?: number | undefined
  /** How failures of what was answered 200 are retried: exponential, half jitter. Default: 5 attempts, 1 000, 300 000. */
  retry?: { [Name in keyof RetrySchedule]?: RetrySchedule[Name] | undefined } | undefined
  /** Hooks running at once in this process. Default: 10. */
  concurrency?: number | undefined
  /** The largest body taken, in bytes or as `'256kb'` (1 kB is 1 024 bytes). Default: 262 144. */
  bodyLimit?: number | string | undefined
  /** How long a body may take to arrive. Default: 10 000. */
  bodyTimeout?: number | undefined
  /** How long a key is remembered. Default: 14 days; at least twice `tolerance`, or a replay could be taken for new. */
  retention?: number | undefined
  /** What makes two callbacks the same. Default: task id and outcome, which `callback.key` holds. */
  key?: ((callback: LumaCallback) => string) | undefined
  /** Told every notable step. Default: what someone should look at goes to `console.error`; what repeats, as a count. */
  observe?: Observer | undefined
}

/** The options with every default filled in. */
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
 * `lumaCallback(onSuccess, options?)` and `lumaCallback(options)` are the same thing; this makes one of the two.
 *
 * @throws TypeError that says what to write, if neither form was used.
 */
export function toOptions(first: SuccessHook | LumaOptions, second?: Omit<LumaOptions, 'onSuccess'>): LumaOptions {
  const problem = callProblem(first, second)
  if (problem !== undefined) throw new TypeError(`${CALLER}: ${problem}`)
  if (typeof first !== 'function') return first
  if (second && 'onSuccess' in second)
    throw wrong('onSuccess', 'was given twice: as the first argument and as an option')
  // Options may come from a class or a prototype: what is inherited counts, or a `secret` there would be lost.
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
