import { checkOptions, milliseconds, optional, text, type Filled, type Rules } from '@luma-callback/core/internal'

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

const DEDUPE_RULES: Rules<Filled<RedisDedupeOptions>> = {
  prefix: optional(text({ pattern: /^[\w{}.:-]{1,100}$/, must: '1 to 100 letters, digits, or _ - . : { }' }), '{luma}'),
  timeout: milliseconds({ fallback: 2_000 }),
}
const INBOX_RULES: Rules<Filled<RedisInboxOptions>> = {
  ...DEDUPE_RULES,
  lease: milliseconds({ least: 1_000, fallback: 15_000 }),
  pollInterval: milliseconds({ least: 10, fallback: 500 }),
}

/** @throws TypeError that names the option that is wrong or unknown. */
export function readInboxOptions(options: RedisInboxOptions): Filled<RedisInboxOptions> {
  return checkOptions('redisInbox', options, INBOX_RULES)
}

/** @throws TypeError that names the option that is wrong or unknown. */
export function readDedupeOptions(options: RedisDedupeOptions): Filled<RedisDedupeOptions> {
  return checkOptions('redisDedupe', options, DEDUPE_RULES)
}
