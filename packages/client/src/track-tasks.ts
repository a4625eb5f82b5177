import { NodeVersionError } from '@luma-callback/core'
import { pause, systemClock } from '@luma-callback/core/internal'

/** A task that was submitted and has not come back. */
export interface OpenTask {
  taskId: string
  submittedAt: Date
}

/** The tasks that are open, for `reconcile`; `createClient({ tasks })` adds each that it submits. */
export interface TaskList {
  add(taskId: string, submittedAt: Date): unknown
  /** It has come back, or nobody asks for it any more. */
  remove(taskId: string): unknown
  pending(): Iterable<OpenTask> | Promise<Iterable<OpenTask>>
}

/** A list of open tasks in a file. A write that finds it locked is tried again for 30 s, and then rejects. */
export interface TrackedTasks extends TaskList {
  add(taskId: string, submittedAt: Date): Promise<void>
  remove(taskId: string): Promise<void>
  pending(): OpenTask[]
  close(): void
}

/** Milliseconds that opening may wait for a lock; that is before anything else runs. */
const OPENING = 5_000
/** Milliseconds between the tries of a write, for which the event loop must not stand still. */
const RETRY_PAUSE = 50
/** How often a write is tried: for 30 s. It is the only note of a task that is paid for. */
const MOST_TRIES = 600

/**
 * Keeps a small list of open tasks in an SQLite file, so that a restart forgets none. May be the inbox's own file's
 * neighbour, not the same file. Needs Node 22.13 or later.
 *
 * @throws NodeVersionError (`ERR_LUMA_NODE_VERSION`); what SQLite says of a file that cannot be opened.
 * @example
 * ```ts
 * import { createClient, trackTasks } from '@luma-callback/client'
 *
 * const tasks = trackTasks('tasks.db')
 * const client = createClient({ apiKey: process.env.LUMA_API_KEY ?? '', tasks })
 * ```
 */
export function trackTasks(file: string): TrackedTasks {
  if (typeof file !== 'string' || file === '') throw new TypeError('trackTasks: the file must be a path')
  const { DatabaseSync } = sqlite()
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA busy_timeout = ${OPENING}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`)
  database.exec('CREATE TABLE IF NOT EXISTS open_task (task_id TEXT PRIMARY KEY, submitted_at INTEGER NOT NULL) STRICT')
  // From here on SQLite itself must not wait: it would hold up every request of this process.
  database.exec('PRAGMA busy_timeout = 0')
  const insert = database.prepare('INSERT OR IGNORE INTO open_task VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM open_task WHERE task_id = ?')
  const select = database.prepare('SELECT task_id, submitted_at FROM open_task ORDER BY submitted_at')
  let isClosed = false
  return {
    add: (taskId, submittedAt) => untilUnlocked(() => insert.run(taskId, submittedAt.getTime())),
    remove: (taskId) => untilUnlocked(() => remove.run(taskId)),
    pending() {
      if (isClosed) throw new Error(`the list of tasks ${file} was closed; close the reconciler before it`)
      const rows = select.all()
      return rows.map((row) => ({ taskId: String(row['task_id']), submittedAt: new Date(Number(row['submitted_at'])) }))
    },
    close() {
      if (isClosed) return
      isClosed = true
      database.close()
    },
  }
}

async function untilUnlocked(write: () => unknown): Promise<void> {
  const { signal } = new AbortController()
  for (let tries = 1; ; tries++) {
    try {
      write()
      return
    } catch (error) {
      if (!isBusy(error) || tries >= MOST_TRIES) throw error
    }
    await pause(RETRY_PAUSE, signal, systemClock)
  }
}

/** SQLITE_BUSY, the extended ones included. */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && (errcode & 0xff) === 5
}

function sqlite(): typeof import('node:sqlite') {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 13)) return process.getBuiltinModule('node:sqlite')
  throw new NodeVersionError(`trackTasks needs Node 22.13 or later, for its SQLite; this is ${process.versions.node}`)
}
