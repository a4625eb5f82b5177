// Hints for wrong values that show what the user meant. The messages never show a value, because it may be a secret.

import { types } from 'node:util'
import { has } from '../internal/check-options.ts'

/** The problem with a hook, or undefined. A class would throw when called, and a generator would never run. */
export function hookProblem(value: unknown): string | undefined {
  if (value === undefined) return 'is missing: give a function that is called for each result'
  if (typeof value !== 'function') return 'must be a function'
  if (/^class\b/.test(Function.prototype.toString.call(value))) return 'is a class: give a function'
  if (types.isGeneratorFunction(value)) return 'is a generator, which would never run: give a function without the *'
  return undefined
}

export function inboxHint(value: unknown): string | undefined {
  if (typeof value === 'string' || value instanceof URL)
    return `is not an inbox yet: write inbox: ${inboxFor(String(value))}`
  if (typeof value === 'function') return "is a function: call it, as in inbox: sqliteInbox('luma.db')"
  if (has(value, 'claim', 'release')) return 'is a dedupe store: give it as the option "dedupe"'
  if (has(value, 'sendCommand')) return 'is a connection to Redis: write inbox: redisInbox(connection)'
  if (has(value, 'query')) return 'is a connection to Postgres: write inbox: postgresInbox(pool)'
  if (has(value, 'prepare')) return "is an open database: give its file, as in inbox: sqliteInbox('luma.db')"
  return undefined
}

function inboxFor(address: string): string {
  if (/^rediss?:/i.test(address)) return 'redisInbox(url), from @luma-callback/redis'
  if (/^postgres(?:ql)?:/i.test(address)) return 'postgresInbox(url), from @luma-callback/postgres'
  if (!/^(?!file:)[a-z+]{2,}:\/\//i.test(address)) return "sqliteInbox('luma.db'), from @luma-callback/sqlite"
  return "sqliteInbox('luma.db'), redisInbox(url) or postgresInbox(url); there is no inbox for another kind of URL"
}

export function dedupeHint(value: unknown): string | undefined {
  const address = typeof value === 'string' || value instanceof URL ? String(value) : ''
  if (/^rediss?:/i.test(address)) return 'is not a store yet: write dedupe: redisDedupe(url), from @luma-callback/redis'
  if (/^postgres(?:ql)?:/i.test(address))
    return 'is not a store yet: write dedupe: postgresDedupe(url), from @luma-callback/postgres'
  if (typeof value === 'function') return 'is a function: call it, as in dedupe: memoryDedupe()'
  if (has(value, 'record', 'start')) return 'is an inbox: give it as the option "inbox"'
  if (has(value, 'sendCommand')) return 'is a connection to Redis: write dedupe: redisDedupe(connection)'
  if (has(value, 'query')) return 'is a connection to Postgres: write dedupe: postgresDedupe(pool)'
  return undefined
}

export function trustHint(value: unknown): string | undefined {
  if (typeof value === 'function') return 'is a function: call it, as in trust: confirm(client)'
  if (has(value, 'details')) return 'is a client: write trust: confirm(client), from @luma-callback/client'
  return undefined
}
