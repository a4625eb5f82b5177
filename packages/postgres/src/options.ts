import { NodeVersionError } from '@luma-callback/core'
import { checkOptions, flag, milliseconds, optional, text, type Filled, type Rules } from '@luma-callback/core/internal'

/** What `postgresDedupe` can be told. */
export interface PostgresDedupeOptions {
  /** The schema that holds the tables, made if it is not there. Default: `luma`. */
  schema?: string | undefined
  /** How long Postgres may take to answer before a call rejects, in milliseconds; making the tables aside. Default: 2 000. */
  timeout?: number | undefined
}

/** What `postgresInbox` can be told. Times are milliseconds. */
export interface PostgresInboxOptions extends PostgresDedupeOptions {
  /**
   * How long a delivery holds without being renewed: when a process dies or hangs, another takes its work over once
   * this and a third of it have passed. To be the same in each process, from 1 000 on. Default: 15 000.
   */
  lease?: number | undefined
  /** How often to look for retries that are due, and for work that nobody woke this process for. Default: 500. */
  pollInterval?: number | undefined
  /**
   * Whether pg-boss tells OpenTelemetry of what it does, by the providers that are registered: metrics, and a span for each
   * call, so also for each look that finds nothing. Default: false.
   */
  telemetry?: boolean | undefined
}

const DEDUPE_RULES: Rules<Filled<PostgresDedupeOptions>> = {
  schema: optional(
    // Postgres cuts names at 63 characters, and a channel has this one in it.
    text({ pattern: /^[a-z_][a-z0-9_]{0,47}$/, must: 'a lower case name of at most 48 letters, digits, _' }),
    'luma',
  ),
  timeout: milliseconds({ fallback: 2_000 }),
}
const INBOX_RULES: Rules<Filled<PostgresInboxOptions>> = {
  ...DEDUPE_RULES,
  lease: milliseconds({ least: 1_000, fallback: 15_000 }),
  pollInterval: milliseconds({ least: 10, fallback: 500 }),
  telemetry: flag(false),
}

/** @throws TypeError that names the option that is wrong or unknown. */
export function readInboxOptions(options: PostgresInboxOptions): Filled<PostgresInboxOptions> {
  return checkOptions('postgresInbox', options, INBOX_RULES)
}

/** @throws TypeError that names the option that is wrong or unknown. */
export function readDedupeOptions(options: PostgresDedupeOptions): Filled<PostgresDedupeOptions> {
  return checkOptions('postgresDedupe', options, DEDUPE_RULES)
}

/** The first Node that pg-boss runs on, and that can `require` it. */
const OLDEST_NODE = [22, 13] as const

/** Throws NodeVersionError if this Node is too old for pg-boss. */
export function checkNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  const needed = OLDEST_NODE.join('.')
  throw new NodeVersionError(
    `postgresInbox needs Node ${needed} or later for pg-boss, this is ${process.versions.node}; update Node, or use another inbox`,
  )
}
