import { types } from 'node:util'

/**
 * What to write in place of a wrong value of an option. Undefined where the general message says it all. Values are looked
 * at and never shown: any of them may be a secret.
 */
export function optionHint(name: string, value: unknown): string | undefined {
  if (isPromise(value)) return 'is a promise: await it first'
  switch (name) {
    case 'onSuccess':
    case 'onFailure':
      return hookHint(value)
    case 'inbox':
      return inboxHint(value)
    case 'dedupe':
      return dedupeHint(value)
    case 'trust':
      return trustHint(value)
    case 'tolerance':
      return toleranceHint(value)
    case 'ackTimeout':
      return `must be an integer from 1 to 14000, in milliseconds: the provider waits 15 s${inMilliseconds(value)}`
    case 'retry':
      return retryHint(value)
    case 'key':
      return 'must be a function, such as (callback) => callback.taskId'
    case 'observe':
      return 'must be a function, such as (event) => console.log(describeEvent(event))'
    case 'verify':
      return 'must be a function, such as (request, callback) => { … }, or confirm(client) of @luma-callback/client'
    default:
      return undefined
  }
}

/** The unit and, for a text like '10s', the number: what follows the general message for an option that is a time. */
export function timeHint(name: string, value: unknown): string {
  const times = ['hookTimeout', 'bodyTimeout', 'retention', 'retry.minDelay', 'retry.maxDelay']
  return times.includes(name) ? `, in milliseconds${inMilliseconds(value)}` : ''
}

/** Whether a function can be called as a hook: a class throws, and a generator would do nothing at all. */
export function isHook(value: unknown): boolean {
  return typeof value === 'function' && !isClass(value) && !types.isGeneratorFunction(value)
}

export function isPromise(value: unknown): boolean {
  return has(value, 'then')
}

/** Whether an object has all of these methods. */
export function has(value: unknown, ...methods: string[]): boolean {
  return methods.every(
    (method) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function',
  )
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

function inMilliseconds(value: unknown): string {
  const [, digits, unit = ''] = (typeof value === 'string' && /^(\d{1,6}) ?(ms|s|min|m|h|d)$/.exec(value)) || []
  return digits === undefined ? '' : `; write ${Number(digits) * (UNITS[unit] ?? 1)}`
}

function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}

function hookHint(value: unknown): string | undefined {
  if (value === undefined) return 'is missing: give a function that is called for each result'
  if (isClass(value)) return 'is a class: give a function'
  if (types.isGeneratorFunction(value)) return 'is a generator, which would never run: give a function without the *'
  return undefined
}

function inboxHint(value: unknown): string {
  if (typeof value === 'string' || value instanceof URL)
    return `is not an inbox yet: write inbox: ${inboxFor(String(value))}`
  if (typeof value === 'function') return "is a function: call it, as in inbox: sqliteInbox('luma.db')"
  if (has(value, 'claim', 'release')) return 'is a dedupe store: give it as the option "dedupe"'
  if (has(value, 'sendCommand')) return 'is a connection to Redis: write inbox: redisInbox(connection)'
  if (has(value, 'query')) return 'is a connection to Postgres: write inbox: postgresInbox(pool)'
  if (has(value, 'prepare')) return "is an open database: give its file, as in inbox: sqliteInbox('luma.db')"
  return "must be an object with the methods record, start, close, as sqliteInbox('luma.db') makes it"
}

function inboxFor(address: string): string {
  if (/^rediss?:/i.test(address)) return 'redisInbox(url), from @luma-callback/redis'
  if (/^postgres(?:ql)?:/i.test(address)) return 'postgresInbox(url), from @luma-callback/postgres'
  if (!/^(?!file:)[a-z+]{2,}:\/\//i.test(address)) return "sqliteInbox('luma.db'), from @luma-callback/sqlite"
  return "sqliteInbox('luma.db'), redisInbox(url) or postgresInbox(url); there is no inbox for another kind of URL"
}

function dedupeHint(value: unknown): string {
  const address = typeof value === 'string' || value instanceof URL ? String(value) : ''
  if (/^rediss?:/i.test(address)) return 'is not a store yet: write dedupe: redisDedupe(url), from @luma-callback/redis'
  if (/^postgres(?:ql)?:/i.test(address))
    return 'is not a store yet: write dedupe: postgresDedupe(url), from @luma-callback/postgres'
  if (typeof value === 'function') return 'is a function: call it, as in dedupe: memoryDedupe()'
  if (has(value, 'record', 'start')) return 'is an inbox: give it as the option "inbox"'
  if (has(value, 'sendCommand')) return 'is a connection to Redis: write dedupe: redisDedupe(connection)'
  if (has(value, 'query')) return 'is a connection to Postgres: write dedupe: postgresDedupe(pool)'
  return 'must be an object with the methods claim, renew, complete, release, as memoryDedupe() makes it'
}

function trustHint(value: unknown): string {
  if (typeof value === 'function') return 'is a function: call it, as in trust: confirm(client)'
  if (has(value, 'details')) return 'is a client: write trust: confirm(client), from @luma-callback/client'
  return 'must be an object with the method confirm, as confirm(client) of @luma-callback/client makes it'
}

function toleranceHint(value: unknown): string {
  const range = 'must be an integer from 1 to 86400, in seconds'
  const milliseconds = typeof value === 'number' ? value : 0
  const seconds = milliseconds / 1000
  if (!Number.isInteger(seconds) || seconds > 86_400 || seconds < 1) return range
  return `${range}, not milliseconds: for ${milliseconds} ms write ${seconds}`
}

function retryHint(value: unknown): string {
  const shape = 'must be an object with attempts, minDelay, maxDelay'
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) {
    return `${shape}: write retry: { attempts: ${value} }`
  }
  return value === false || value === 0 ? `${shape}: to run a hook once, write retry: { attempts: 1 }` : shape
}
