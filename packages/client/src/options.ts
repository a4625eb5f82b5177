import type { RetrySchedule } from '@luma-callback/core'
import { LONGEST_TIMER } from '@luma-callback/core/internal'
import { z } from 'zod'
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

export function integer(most: number, fallback: number): z.ZodDefault<z.ZodInt> {
  const message = `must be an integer from 1 to ${most}`
  return z.int(message).min(1, message).max(most, message).default(fallback)
}

/** Milliseconds that no timer has to keep. */
export function milliseconds(fallback: number): z.ZodDefault<z.ZodInt> {
  const message = 'must be an integer of at least 1'
  return z.int(message).min(1, message).default(fallback)
}

/** Milliseconds until something is given up, of which there may be any number. */
export const timeoutSchema: z.ZodCustom<number, number> = z.custom<number>(
  (value) => typeof value === 'number' && value > 0,
  'must be a number of milliseconds above 0',
)

export const signalSchema: z.ZodCustom<AbortSignal, AbortSignal> = z.custom<AbortSignal>(
  (value) => typeof (value as Partial<AbortSignal> | null)?.addEventListener === 'function',
  'must be an AbortSignal',
)

function httpUrl() {
  const isUrl = (text: unknown) =>
    typeof text === 'string' && /^https?:\/\//i.test(text) && URL.canParse(text) && !/[\p{Cc}\s]/u.test(text)
  return z.custom<string>(isUrl, 'must be an http(s) URL')
}

/** Whatever else it holds would be sent along, or told in an error. */
function isPlain({ username, password, search, hash }: URL): boolean {
  return [username, password, search, hash].every((part) => part === '')
}

const settingsSchema = z.strictObject({
  apiKey: z
    .string('must be the key of your account; is an environment variable not set?')
    .regex(/^[!-~]+$/, 'must be the key of your account, without white space around it'),
  baseUrl: httpUrl()
    .refine(
      (url) => isPlain(new URL(url)),
      'must be an http(s) URL without a name, a password, a query and a fragment; the key is apiKey',
    )
    .default('https://api.kie.ai')
    .transform((url) => url.replace(/\/+$/, '')),
  fetch: z.custom<typeof fetch>((value) => typeof value === 'function', 'must be a function').default(() => fetch),
  timeout: integer(LONGEST_TIMER, 30_000),
  retry: z
    .strictObject({
      attempts: integer(1_000, 4),
      minDelay: integer(LONGEST_TIMER, 500),
      maxDelay: integer(LONGEST_TIMER, 10_000),
    })
    .prefault({}),
  retrySubmissions: z.boolean('must be true or false').default(false),
  tasks: z
    .custom<TaskList>(
      (value) => typeof (value as Partial<TaskList> | null)?.add === 'function',
      'must be a list of tasks, such as trackTasks(file)',
    )
    .optional(),
})

/** @throws TypeError that names the option that is wrong or unknown. The key is never shown. */
export function readOptions(options: ClientOptions): Settings {
  return parseOptions('createClient', settingsSchema, options) as Settings
}

const modifySchema = z.strictObject({
  prompt: z.string('must be a text').regex(/\S/, 'must not be empty'),
  videoUrl: httpUrl(),
  callBackUrl: httpUrl().optional(),
  watermark: z.string('must be a text').optional(),
})

/** @throws TypeError for what the API would refuse. */
export function toModifyBody(request: ModifyRequest): object {
  return parseOptions('modify', modifySchema, request)
}

/** @throws TypeError for what is no text. */
export function checked(caller: string, name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${caller}: ${name} must be a text`)
}

/** Checks options by a schema. */
export function parseOptions<Read>(caller: string, schema: z.ZodObject & z.ZodType<Read>, options: unknown): Read {
  const { data, error } = schema.safeParse(options)
  if (!error) return data
  const [issue] = error.issues
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape).join(', ')
    throw new TypeError(`${caller}: unknown option "${[...issue.path, issue.keys[0]].join('.')}"; known are ${known}`)
  }
  const name = issue?.path.join('.') ?? ''
  throw new TypeError(`${caller}: ${name === '' ? 'options' : `option "${name}"`} ${issue?.message ?? 'is wrong'}`)
}
