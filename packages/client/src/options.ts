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

/** The options of `createClient`. Times are in milliseconds. */
export interface ClientOptions {
  /** The account's API key. It never appears in an error or in printed output. */
  apiKey: string
  /** The URL of the API, without credentials, query and fragment. Default: `https://api.kie.ai`. */
  baseUrl?: string | undefined
  /** Default: the global `fetch`. */
  fetch?: typeof fetch | undefined
  /** The limit for one request. Default: 30 000. */
  timeout?: number | undefined
  /**
   * The schedule of retries after errors that can pass. Default: 4 attempts, with a delay of 500 that doubles up to 10 000,
   * or the delay that the API asks for.
   */
  retry?: { [Name in keyof RetrySchedule]?: RetrySchedule[Name] | undefined } | undefined
  /**
   * Submits a task again even if the API may have accepted it: after a broken connection, a timeout, a 500. Each of these may
   * cost a second time. Default: false, which retries only if the API did not accept the task.
   */
  retrySubmissions?: boolean | undefined
  /** Stores the id of each submitted task, for `reconcile`. Use `trackTasks(file)`. */
  tasks?: TaskList | undefined
}

/** A task to submit. */
export interface ModifyRequest {
  /** How to change the video, in English. */
  prompt: string
  /** The public URL of the original: an MP4, MOV or AVI of at most 500 MB and 10 s. */
  videoUrl: string
  /** The public URL of your receiver. `callbackUrl(…)` makes one that carries values of your own. */
  callBackUrl?: string | undefined
  watermark?: string | undefined
}

/** The options of `createClient` with all defaults. */
export interface ClientSettings {
  apiKey: string
  baseUrl: string
  fetch: typeof fetch
  timeout: number
  retry: RetrySchedule
  retrySubmissions: boolean
  tasks: TaskList | undefined
}

/** True if the URL has no parts that would be sent along or shown in an error. */
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

const RULES: Rules<Omit<ClientSettings, 'fetch'> & Pick<ClientOptions, 'fetch'>> = {
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
export function readOptions(options: ClientOptions): ClientSettings {
  const settings = checkOptions('createClient', options, RULES)
  return { ...settings, fetch: settings.fetch ?? fetch }
}

const MODIFY_RULES: Rules<Required<ModifyRequest>> = {
  prompt: text({ pattern: /\S/, must: 'a text that is not empty' }),
  videoUrl: httpUrl,
  callBackUrl: optional(httpUrl),
  watermark: optional(text()),
}

/** @throws TypeError for a request that the API would refuse. */
export function toModifyBody(request: ModifyRequest): object {
  return checkOptions('modify', request, MODIFY_RULES)
}

/** @throws TypeError if the value is not a text, or is empty. */
export function checked(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${caller}: ${name} must be a text`)
}
