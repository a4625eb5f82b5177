import type { RetrySchedule } from '@luma-callback/core'
import {
  callable,
  checkOptions,
  custom,
  flag,
  having,
  httpUrl,
  integer,
  isHttpUrl,
  mapped,
  milliseconds,
  optional,
  retry,
  text,
  type Rules,
} from '@luma-callback/core/internal'
import type { TaskList } from './track-tasks.ts'

/** What `createClient` can be told. Times are milliseconds. */
export interface ClientOptions {
  /** The account's API key. It is in no error, and nothing that is printed of the client shows it. */
  apiKey: string
  /** Without credentials, query and fragment. Default: `https://api.kie.ai`. */
  baseUrl?: string | undefined
  /** Default: the platform's. */
  fetch?: typeof fetch | undefined
  /** For one request. Default: 30 000. */
  timeout?: number | undefined
  /** How what can pass is tried again. Default: 4 attempts, 500 doubling to 10 000, or as long as the API asks for. */
  retry?: { [Name in keyof RetrySchedule]?: RetrySchedule[Name] | undefined } | undefined
  /**
   * Submits a task again even if the API may have taken it already: after a cut connection, a timeout, a 500. Each may
   * cost a second time. Default: false; then only what was surely not taken is sent again.
   */
  retrySubmissions?: boolean | undefined
  /** Notes each task that was submitted, for `reconcile`: `trackTasks(file)`. */
  tasks?: TaskList | undefined
}

/** A task to be submitted. */
export interface ModifyRequest {
  /** What is to become of the video, in English. */
  prompt: string
  /** The original: an MP4, MOV or AVI of at most 500 MB and 10 s, at a public URL. */
  videoUrl: string
  /** Where the result is to be called back; see `callbackUrl`. */
  callBackUrl?: string | undefined
  watermark?: string | undefined
}

/** The options of `createClient` with every default filled in. */
export interface Settings {
  apiKey: string
  baseUrl: string
  fetch: typeof fetch
  timeout: number
  retry: RetrySchedule
  retrySubmissions: boolean
  tasks: TaskList | undefined
}

/** Whatever else it holds would be sent along, or told in an error. */
function isPlain({ username, password, search, hash }: URL): boolean {
  return [username, password, search, hash].every((part) => part === '')
}

function baseUrlProblem(value: unknown): string | undefined {
  if (!isHttpUrl(value)) return 'must be an http(s) URL'
  if (isPlain(new URL(value))) return undefined
  return 'must be an http(s) URL without a name, a password, a query and a fragment; the key is apiKey'
}

function apiKeyProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be the key of your account; is an environment variable not set?'
  return /^[!-~]+$/.test(value) ? undefined : 'must be the key of your account, without white space around it'
}

const RULES: Rules<Omit<Settings, 'fetch'> & Pick<ClientOptions, 'fetch'>> = {
  apiKey: custom(apiKeyProblem),
  baseUrl: mapped(optional(custom<string>(baseUrlProblem), 'https://api.kie.ai'), (url) => url.replace(/\/+$/, '')),
  fetch: optional(callable()),
  timeout: milliseconds({ fallback: 30_000 }),
  retry: retry({
    attempts: integer({ most: 1_000, fallback: 4 }),
    minDelay: milliseconds({ fallback: 500 }),
    maxDelay: milliseconds({ fallback: 10_000 }),
  }),
  retrySubmissions: flag(false),
  tasks: optional(having(['add'], 'trackTasks(file)')),
}

/** @throws TypeError that names the option that is wrong or unknown. The key is never shown. */
export function readOptions(options: ClientOptions): Settings {
  const settings = checkOptions('createClient', options, RULES)
  return { ...settings, fetch: settings.fetch ?? fetch }
}

const MODIFY_RULES: Rules<Required<ModifyRequest>> = {
  prompt: text({ pattern: /\S/, must: 'a text that is not empty' }),
  videoUrl: httpUrl,
  callBackUrl: optional(httpUrl),
  watermark: optional(text()),
}

/** @throws TypeError for what the API would refuse. */
export function toModifyBody(request: ModifyRequest): object {
  return checkOptions('modify', request, MODIFY_RULES)
}

/** @throws TypeError for what is no text. */
export function checked(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${caller}: ${name} must be a text`)
}
