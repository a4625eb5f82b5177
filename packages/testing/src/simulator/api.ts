import type { Files } from './files.ts'
import type { Emit } from './events.ts'
import { seeded } from './seeded.ts'
import type { SimulatorSettings } from './options.ts'
import { recordOf } from './record.ts'
import { readSubmission } from './request.ts'
import type { Tasks } from './tasks.ts'

/** An API call. */
export interface Call {
  method: string
  path: string
  query: URLSearchParams
  authorization: string | undefined
  /** As text, empty if there is none; `undefined` if it is too large. */
  body: string | undefined
}

/** The provider's envelope of every answer. The HTTP status is nearly always 200; `code` says what happened. */
export interface Envelope {
  code: number
  msg: string
  data: unknown
}

export interface ApiOptions {
  settings: SimulatorSettings
  tasks: Tasks
  files: Files
  emit: Emit
}

export interface Api {
  answer(call: Call): Envelope
  /** Submits a task like a call with this body, but without a key and without `rateLimited`. */
  submit(body: unknown): Envelope
}

const UNAVAILABLE = {
  455: 'The service is under maintenance.',
  500: 'Server error.',
  501: 'Generation failed.',
  505: 'This feature is disabled.',
}

export function createApi({ settings, tasks, files, emit }: ApiOptions): Api {
  const isLimited = createLimiter(settings)

  const endpoints: Record<string, (call: Call) => Envelope> = {
    'POST /api/v1/modify/generate': ({ body }) => {
      if (isLimited('generate')) return tooMany()
      const read = readJson(body)
      return 'json' in read ? submit(read.json) : read.refusal
    },
    'GET /api/v1/modify/record-info': ({ query }) => {
      const taskId = query.get('taskId') ?? ''
      const task = tasks.find(taskId)
      // Each task has its own count, so that calls for other tasks do not change the result.
      if (isLimited(`record-info ${task?.number ?? ''}`)) return tooMany()
      if (taskId === '') return refusal(422, 'taskId is required')
      // The provider does not document its code for an unknown task.
      return task ? success(recordOf(task)) : refusal(404, 'there is no task with this taskId')
    },
    'POST /api/v1/common/download-url': ({ body }) => {
      if (isLimited('download-url')) return tooMany()
      const read = readJson(body)
      if ('refusal' in read) return read.refusal
      const { url } = Object(read.json) as { url?: unknown }
      if (typeof url !== 'string') return refusal(422, 'url is required, a result URL')
      const link = files.link(url)
      if (link === undefined) return refusal(422, 'url is not the URL of a result file')
      emit({ type: 'linked', url, link })
      return success(link)
    },
  }

  function submit(body: unknown): Envelope {
    if (settings.unavailable) return refusal(settings.unavailable, UNAVAILABLE[settings.unavailable])
    const read = readSubmission(body)
    if ('problem' in read) return refusal(422, read.problem)
    if (tasks.all.length >= settings.credits) return refusal(402, 'The account has no credits left.')
    return success({ taskId: tasks.submit(read.request).taskId })
  }

  function dispatch(call: Call): Envelope {
    const name = `${call.method} ${call.path}`
    const endpoint = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined
    if (!endpoint) return refusal(404, `there is no such endpoint; known are ${Object.keys(endpoints).join(', ')}`)
    if (!hasKey(call.authorization, settings.apiKey)) {
      return refusal(401, 'You do not have access permissions: send your API key as "Authorization: Bearer …".')
    }
    return endpoint(call)
  }

  return {
    submit,
    answer(call) {
      const envelope = dispatch(call)
      const { method, path } = call
      const { code, msg } = envelope
      if (code !== 200) emit({ type: 'refused', method, path, code, msg })
      return envelope
    },
  }
}

/** Decides at random, for each call of a kind, if it is answered 429. */
function createLimiter({ seed, rateLimited }: SimulatorSettings): (kind: string) => boolean {
  const random = seeded(seed, 'calls')
  const counts = new Map<string, number>()
  return (kind) => {
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return random.chance(`${kind} ${count}`, rateLimited)
  }
}

function hasKey(authorization: string | undefined, apiKey: string): boolean {
  const [, key] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  return key === apiKey
}

function readJson(body: string | undefined): { json: unknown } | { refusal: Envelope } {
  // The provider documents no code for this, so it is the HTTP status.
  if (body === undefined) return { refusal: refusal(413, 'the body is too large') }
  try {
    return { json: JSON.parse(body) }
  } catch {
    return { refusal: refusal(422, 'the body must be JSON') }
  }
}

function success(data: unknown): Envelope {
  return { code: 200, msg: 'success', data }
}

function refusal(code: number, msg: string): Envelope {
  return { code, msg, data: null }
}

function tooMany(): Envelope {
  return refusal(429, 'Too many requests; try again later.')
}
