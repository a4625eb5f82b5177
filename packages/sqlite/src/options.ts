import { NodeVersionError } from '@luma-callback/core'
import { checkOptions, milliseconds, type Filled, type Rules } from '@luma-callback/core/internal'

/** What `sqliteInbox` can be told, in milliseconds. */
export interface SqliteInboxOptions {
  /** How long a write waits for another process that holds the file. Default: 5 000. */
  busyTimeout?: number | undefined
  /**
   * How long a delivery holds without being renewed, so how long a process may hang before another takes its
   * work over; that gives it as long once more, for it may be the file that could not be written. One that is gone is
   * noticed at once. Default: 30 000.
   */
  lease?: number | undefined
  /** How often to look for work of other processes, and for processes that are gone. Default: 500. */
  pollInterval?: number | undefined
}

const RULES: Rules<Filled<SqliteInboxOptions>> = {
  busyTimeout: milliseconds({ least: 0, fallback: 5_000 }),
  lease: milliseconds({ least: 1_000, fallback: 30_000 }),
  pollInterval: milliseconds({ least: 10, fallback: 500 }),
}

/** @throws TypeError that names the option that is wrong or unknown. */
export function readOptions(options: SqliteInboxOptions): Filled<SqliteInboxOptions> {
  return checkOptions('sqliteInbox', options, RULES)
}

/** The first Node whose `node:sqlite` needs no flag. */
const OLDEST_NODE = [22, 13] as const

/** Throws NodeVersionError if this Node has no `node:sqlite` to rely on. */
export function checkNode(): void {
  const version = process.versions.node
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new NodeVersionError(
    `sqliteInbox needs Node ${OLDEST_NODE.join('.')} or later for its node:sqlite, this is ${version}; update Node, or use another inbox`,
  )
}
