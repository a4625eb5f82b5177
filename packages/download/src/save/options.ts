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

/** The options of `saveResults` and `saveUrl`. Times are in milliseconds. */
export interface SaveOptions {
  /** A directory, which is created if needed, or a sink such as `s3Sink(…)`. */
  to: string | Sink
  /** The only hosts to download from, exactly as in the URL. Default: all public hosts. */
  allowHosts?: readonly string[] | undefined
  /** Allows `http:` URLs. Default: false. */
  allowHttp?: boolean | undefined
  /** Allows private addresses and this machine. For tests; never with URLs from a callback. Default: false. */
  allowPrivate?: boolean | undefined
  /** The largest size of a file, in bytes. Default: 2 GiB. */
  maxBytes?: number | undefined
  /** The SHA-256 of the file in hexadecimal, if you know it. */
  sha256?: string | undefined
  /** Keeps only files that begin like an MP4, MOV or AVI. Default: true. */
  checkContent?: boolean | undefined
  /** `connect`: 10 000. `firstByte`, after the connection: 30 000. `idle`, without a byte: 30 000. `total`: none. */
  timeouts?: { [Name in keyof Timeouts]?: Timeouts[Name] | undefined } | undefined
  /**
   * The schedule of retries. `attempts`, by default 5, counts failures in a row that bring less than 1 MiB of new bytes. The
   * delay starts at `minDelay`, 1 000, and doubles up to `maxDelay`, 30 000; up to half of each delay is left out at random. If
   * the server asks for a longer delay it gets it, up to two minutes or `maxDelay`. Beyond that the error has it as `retryAfter`.
   */
  retry?: { [Name in keyof RetrySchedule]?: RetrySchedule[Name] | undefined } | undefined
  /** Gives a new URL for one that has expired. Called at most twice for a file. */
  refresh?: ((url: string) => string | Promise<string>) | undefined
  /** Stops the download. The received bytes are kept, and the next save resumes there. In a hook, pass `context.signal`. */
  signal?: AbortSignal | undefined
  /** Called with the progress, at most ten times a second and at the end. */
  onProgress?: OnProgress | undefined
}

/** The options with all defaults. */
export interface SaveSettings {
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

/** The options as given: the rules for URLs are separate options there. */
type Given = Omit<SaveSettings, 'rules'> & UrlRules

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

/** `saveResults` saves several files, and names them after their task. */
const forOneFile = optional(custom<never>(() => 'is for a single file; use saveUrl'))
const RULES_OF: Readonly<Record<'saveUrl' | 'saveResults', Rules<Given>>> = {
  saveUrl: RULES,
  saveResults: { ...RULES, sha256: forOneFile, name: forOneFile },
}

/**
 * Checks options and fills in their defaults.
 *
 * @param caller - The function that the user called, for error messages.
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function readOptions(caller: 'saveUrl' | 'saveResults', options: SaveOptions): SaveSettings {
  const { allowHosts, allowHttp, allowPrivate, ...settings } = checkOptions(caller, options, RULES_OF[caller])
  return { ...settings, rules: { allowHosts, allowHttp, allowPrivate } }
}
