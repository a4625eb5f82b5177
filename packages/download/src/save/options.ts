import type { RetrySchedule } from '@luma-callback/core'
import {
  abortSignal,
  callable,
  checkOptions,
  custom,
  flag,
  has,
  integer,
  list,
  mapped,
  milliseconds,
  nested,
  optional,
  retry,
  someText,
  text,
  type Rules,
} from '@luma-callback/core/internal'
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
  name: string | undefined
}

/** What can be asked of whom is one thing in the settings. */
type Given = Omit<Settings, 'rules'> & UrlRules

const RULES: Rules<Given> = {
  to: custom((value) =>
    (typeof value === 'string' && value !== '') || has(value, 'write')
      ? undefined
      : 'must be a directory, or a sink with the method write',
  ),
  allowHosts: optional(
    mapped(
      list<string>((entry) => typeof entry === 'string', 'host names'),
      (hosts) => hosts.map((host) => host.toLowerCase()),
    ),
  ),
  allowHttp: flag(false),
  allowPrivate: flag(false),
  maxBytes: integer({ fallback: 2 * 1024 ** 3, unit: 'bytes' }),
  sha256: optional(
    mapped(text({ pattern: /^[0-9a-f]{64}$/i, must: '64 hexadecimal digits' }), (digits) => digits.toLowerCase()),
  ),
  checkContent: flag(true),
  timeouts: nested({
    connect: milliseconds({ fallback: 10_000 }),
    firstByte: milliseconds({ fallback: 30_000 }),
    idle: milliseconds({ fallback: 30_000 }),
    total: optional(milliseconds()),
  }),
  retry: retry({
    attempts: integer({ most: 1_000, fallback: 5 }),
    minDelay: milliseconds({ fallback: 1_000 }),
    maxDelay: milliseconds({ fallback: 30_000 }),
  }),
  refresh: optional(callable()),
  signal: abortSignal,
  onProgress: optional(callable()),
  name: optional(someText),
}

/** Results are many, and named by their task. */
const ofOneFile = optional(custom<never>(() => 'is of one file; use saveUrl'))
const RULES_OF: Readonly<Record<'saveUrl' | 'saveResults', Rules<Given>>> = {
  saveUrl: RULES,
  saveResults: { ...RULES, sha256: ofOneFile, name: ofOneFile },
}

/**
 * Checks options and fills in their defaults.
 *
 * @param caller - The function that was given them.
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readOptions(caller: 'saveUrl' | 'saveResults', options: SaveOptions): Settings {
  const { allowHosts, allowHttp, allowPrivate, ...settings } = checkOptions(caller, options, RULES_OF[caller])
  return { ...settings, rules: { allowHosts, allowHttp, allowPrivate } }
}
