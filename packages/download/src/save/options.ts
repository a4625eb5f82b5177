import type { RetrySchedule } from '@luma-callback/core'
import { LONGEST_TIMER } from '@luma-callback/core/internal'
import { z } from 'zod'
import type { OnProgress } from './progress.ts'
import type { Timeouts } from '../request/request.ts'
import type { Sink } from '../target/sink.ts'
import type { UrlRules } from '../guard/url-rules.ts'

/** Where results go, and what may be asked of whom. Times are milliseconds. */
export interface SaveOptions {
  /** A directory, which is made if it is not there, or a sink such as `s3Sink(…)`. */
  to: string | Sink
  /** Only these hosts are asked, named exactly as in the URL. Default: every public one. */
  allowHosts?: readonly string[] | undefined
  /** Takes `http:` too. Default: false. */
  allowHttp?: boolean | undefined
  /** Takes addresses of private networks and of this machine too. For tests; never with URLs from a callback. Default: false. */
  allowPrivate?: boolean | undefined
  /** No file is larger than so many bytes. Default: 2 GiB. */
  maxBytes?: number | undefined
  /** The file's SHA-256 in hexadecimal, where you know it. */
  sha256?: string | undefined
  /** Only what begins as an MP4, MOV or AVI does is kept. Default: true. */
  checkContent?: boolean | undefined
  /** `connect` 10 000; `firstByte` 30 000, from there until the answer; `idle` 30 000, without a byte; `total` none. */
  timeouts?: { [Name in keyof Timeouts]?: Timeouts[Name] | undefined } | undefined
  /**
   * How what can pass is tried again: `attempts` in a row that come no mebibyte further, by default 5, with pauses of
   * `minDelay`, 1 000 ms, that double to `maxDelay`, 30 000, a random half of each left out. A server that asks for a longer
   * one gets it, up to two minutes or `maxDelay`; beyond that the error says how long, as `retryAfter`.
   */
  retry?: { [Name in keyof RetrySchedule]?: RetrySchedule[Name] | undefined } | undefined
  /** Gives a fresh URL in place of one that has expired. Asked twice for a file at most. */
  refresh?: ((url: string) => string | Promise<string>) | undefined
  /** Ends it; what has come so far is kept, and the next save goes on from there. `context.signal` in a hook. */
  signal?: AbortSignal | undefined
  /** Told how far it is, ten times a second at most and at the end. */
  onProgress?: OnProgress | undefined
}

/** The options with every default filled in. */
export interface Settings {
  to: string | Sink
  rules: UrlRules
  maxBytes: number
  sha256: string | undefined
  checkContent: boolean
  timeouts: Timeouts
  retry: RetrySchedule
  refresh: SaveOptions['refresh']
  signal: AbortSignal | undefined
  onProgress: OnProgress | undefined
}

function upTo(most: number) {
  const message = `must be an integer from 1 to ${most}`
  return z.int(message).min(1, message).max(most, message)
}

function integer(most: number, fallback: number) {
  return upTo(most).default(fallback)
}

function checked<Value>(isRight: (value: unknown) => boolean, message: string) {
  return z.custom<Value>(isRight, message)
}

const flag = z.boolean('must be true or false').default(false)
/** By what it can do: the class of another realm or of a polyfill is another one. */
function isSignal(value: unknown): boolean {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && isFunction(addEventListener)
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

const timeoutsSchema = z.strictObject({
  connect: integer(LONGEST_TIMER, 10_000),
  firstByte: integer(LONGEST_TIMER, 30_000),
  idle: integer(LONGEST_TIMER, 30_000),
  total: upTo(LONGEST_TIMER).optional(),
})

const retrySchema = z.strictObject({
  attempts: integer(1_000, 5),
  minDelay: integer(LONGEST_TIMER, 1_000),
  maxDelay: integer(LONGEST_TIMER, 30_000),
})

const settingsSchema = z.strictObject({
  to: checked<string | Sink>(
    (value) => (typeof value === 'string' ? value !== '' : isFunction((value as Partial<Sink> | null)?.write)),
    'must be a directory, or a sink with the method write',
  ),
  allowHosts: z.array(z.string(), 'must be a list of host names').optional(),
  allowHttp: flag,
  allowPrivate: flag,
  maxBytes: integer(Number.MAX_SAFE_INTEGER, 2 * 1024 ** 3),
  sha256: z
    .string('must be 64 hexadecimal digits')
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
    .transform((text) => text.toLowerCase())
    .optional(),
  checkContent: z.boolean('must be true or false').default(true),
  timeouts: timeoutsSchema.prefault({}),
  retry: retrySchema.prefault({}),
  refresh: checked<NonNullable<Settings['refresh']>>(isFunction, 'must be a function').optional(),
  signal: checked<AbortSignal>(isSignal, 'must be an AbortSignal').optional(),
  onProgress: checked<OnProgress>(isFunction, 'must be a function').optional(),
})

/**
 * Checks options and fills in their defaults.
 *
 * @param caller - The function that was given them, for the message.
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readOptions(caller: string, options: SaveOptions): Settings {
  const { data, error } = settingsSchema.safeParse(options)
  if (error) {
    const [issue] = error.issues
    if (issue?.code === 'unrecognized_keys') {
      const known = Object.keys(settingsSchema.shape).join(', ')
      throw new TypeError(`${caller}: unknown option "${[...issue.path, issue.keys[0]].join('.')}"; known are ${known}`)
    }
    const name = issue?.path.join('.') ?? ''
    throw new TypeError(`${caller}: ${name === '' ? 'options' : `option "${name}"`} ${issue?.message ?? 'is wrong'}`)
  }
  const { allowHosts, allowHttp, allowPrivate, ...rest } = data
  const hosts = allowHosts?.map((host) => host.toLowerCase())
  return { ...rest, rules: { allowHosts: hosts, allowHttp, allowPrivate } } as Settings
}
