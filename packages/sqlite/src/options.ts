import { NodeVersionError } from '@luma-callback/core'

/** What `sqliteInbox` can be told, in milliseconds. */
export interface SqliteInboxOptions {
  /** How long a write waits for another process that holds the file. Default: 5 000. */
  busyTimeout?: number | undefined
  /**
   * How long a delivery holds without being renewed, so how long a process may hang before another takes its
   * work over. One that is gone is noticed at once. Default: 30 000.
   */
  lease?: number | undefined
  /** How often to look for work of other processes, and for processes that are gone. Default: 500. */
  pollInterval?: number | undefined
}

const DEFAULTS = { busyTimeout: 5_000, lease: 30_000, pollInterval: 500 }
const LEAST = { busyTimeout: 0, lease: 1_000, pollInterval: 10 }
/** The longest that a timer keeps. */
const MOST = 2 ** 31 - 1

/** Checks the options and fills in their defaults. Throws a TypeError that names the one that is wrong. */
export function readOptions(options: SqliteInboxOptions): typeof DEFAULTS {
  const settings = { ...DEFAULTS }
  for (const [name, value] of Object.entries(options as Record<string, unknown>)) {
    if (!isName(name)) {
      throw new TypeError(`sqliteInbox: unknown option "${name}"; known are ${Object.keys(DEFAULTS).join(', ')}`)
    }
    if (value === undefined) continue
    if (!Number.isInteger(value) || (value as number) < LEAST[name] || (value as number) > MOST) {
      throw new TypeError(`sqliteInbox: option "${name}" must be an integer from ${LEAST[name]} to ${MOST}`)
    }
    settings[name] = value as number
  }
  return settings
}

function isName(name: string): name is keyof typeof DEFAULTS {
  return Object.hasOwn(DEFAULTS, name)
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
