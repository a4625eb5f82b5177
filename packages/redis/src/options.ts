import { readEngineOptions } from '@luma-callback/core/internal'

/** What `redisDedupe` can be told. */
export interface RedisDedupeOptions {
  /**
   * What every key begins with. Default: `{luma}`; the braces keep all keys in one slot of a Redis Cluster, which
   * BullMQ needs.
   */
  prefix?: string | undefined
  /** How long Redis may take to answer before a call rejects, in milliseconds. Default: 2 000. */
  timeout?: number | undefined
}

/** What `redisInbox` can be told. Times are milliseconds. */
export interface RedisInboxOptions extends RedisDedupeOptions {
  /**
   * How long a delivery holds without being renewed: when a process dies or hangs, another takes its work over once
   * this and a third of it have passed. Default: 15 000.
   */
  lease?: number | undefined
  /** How often to look for retries that are due, and for work that nobody woke this process for. Default: 500. */
  pollInterval?: number | undefined
}

const DEDUPE_RULES = {
  prefix: { fallback: '{luma}', pattern: /^[\w{}.:-]{1,100}$/, must: '1 to 100 letters, digits, or _ - . : { }' },
  timeout: { fallback: 2_000, least: 1 },
}
const INBOX_RULES = {
  ...DEDUPE_RULES,
  lease: { fallback: 15_000, least: 1_000 },
  pollInterval: { fallback: 500, least: 10 },
}

interface DedupeSettings {
  prefix: string
  timeout: number
}

interface InboxSettings extends DedupeSettings {
  lease: number
  pollInterval: number
}

/** Checks the options and fills in their defaults. Throws a TypeError that names the one that is wrong. */
export function readInboxOptions(options: RedisInboxOptions): InboxSettings {
  return readEngineOptions('redisInbox', options, INBOX_RULES)
}

/** Checks the options and fills in their defaults. Throws a TypeError that names the one that is wrong. */
export function readDedupeOptions(options: RedisDedupeOptions): DedupeSettings {
  return readEngineOptions('redisDedupe', options, DEDUPE_RULES)
}
