import type { RetrySchedule } from '@luma-callback/core'
import { z } from 'zod'
import type { ClientOptions, ModifyRequest } from './client.ts'
import type { TaskList } from './track-tasks.ts'

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

/** The longest that a timer keeps. */
const LONGEST = 2 ** 31 - 1

export function integer(most: number, fallback: number): z.ZodDefault<z.ZodInt> {
  const message = `must be an integer from 1 to ${most}`
  return z.int(message).min(1, message).max(most, message).default(fallback)
}

function httpUrl() {
  const isUrl = (text: unknown) =>
    typeof text === 'string' && /^https?:\/\//i.test(text) && URL.canParse(text) && !/[\p{Cc}\s]/u.test(text)
  return z.custom<string>(isUrl, 'must be an http(s) URL')
}

const settingsSchema = z.strictObject({
  apiKey: z
    .string('must be the key of your account; is an environment variable not set?')
    .regex(/^[!-~]+$/, 'must be the key of your account, without white space around it'),
  baseUrl: httpUrl()
    .default('https://api.kie.ai')
    .transform((url) => url.replace(/\/+$/, '')),
  fetch: z.custom<typeof fetch>((value) => typeof value === 'function', 'must be a function').default(() => fetch),
  timeout: integer(LONGEST, 30_000),
  retry: z
    .strictObject({ attempts: integer(1_000, 4), minDelay: integer(LONGEST, 500), maxDelay: integer(LONGEST, 10_000) })
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
