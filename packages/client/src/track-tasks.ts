import { NodeVersionError } from '@luma-callback/core'
import { pause, systemClock } from '@luma-callback/core/internal'

/** A task that was submitted and has no callback yet. */
export interface OpenTask {
  taskId: string
  submittedAt: Date
}

/** The list of open tasks for `reconcile`. `createClient({ tasks })` adds each task that it submits. */
export interface TaskList {
  add(taskId: string, submittedAt: Date): unknown
  /** Called when the callback has arrived, or when `reconcile` gives up on the task. */
  remove(taskId: string): unknown
  pending(): Iterable<OpenTask> | Promise<Iterable<OpenTask>>
}

/** A list of open tasks in a file. While the file is locked, a write is retried for 30 s, and then rejects. */
export interface TrackedTasks extends TaskList {
  add(taskId: string, submittedAt: Date): Promise<void>
  remove(taskId: string): Promise<void>
  pending(): OpenTask[]
  close(): void
}

/** How long opening the file may wait for a lock, in milliseconds. This blocks the event loop, but only at start-up. */
const OPENING = 5_000
/** Milliseconds between the tries of a write. The pause is asynchronous, so that the event loop goes on. */
const RETRY_PAUSE = 50
/** The tries of a write, which take 30 s. They are many because a lost write loses a paid task. */
const MOST_TRIES = 600

/**
 * Keeps the list of open tasks in an SQLite file, so that a restart forgets none. It must not be the file of the inbox. Needs
 * Node 22.13 or later.
 *
 * @throws NodeVersionError (`ERR_LUMA_NODE_VERSION`); the error of SQLite if the file cannot be opened.
 * @example
 * ```ts
 * import { createClient, trackTasks } from '@luma-callback/client'
 *
 * const tasks = trackTasks('tasks.db')
 * const client = createClient({ apiKey: process.env.LUMA_API_KEY ?? '', tasks })
 * ```
 */
export function trackTasks(file: string): TrackedTasks {
  if (typeof file !== 'string' || file === '') throw new TypeError('trackTasks: file must be a path')
  const { DatabaseSync } = sqlite()
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA busy_timeout = ${OPENING}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`)
  database.exec('CREATE TABLE IF NOT EXISTS open_task (task_id TEXT PRIMARY KEY, submitted_at INTEGER NOT NULL) STRICT')
  // From here on SQLite must not wait: its waiting blocks the event loop, and with it every request.
  database.exec('PRAGMA busy_timeout = 0')
  const insert = database.prepare('INSERT OR IGNORE INTO open_task VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM open_task WHERE task_id = ?')
  const select = database.prepare('SELECT task_id, submitted_at FROM open_task ORDER BY submitted_at')
  let isClosed = false
  return {
    add: (taskId, submittedAt) => untilUnlocked(() => insert.run(taskId, submittedAt.getTime())),
    remove: (taskId) => untilUnlocked(() => remove.run(taskId)),
    pending() {
      if (isClosed) throw new Error(`the list of tasks ${file} is closed; close the reconciler first`)
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

/** SQLITE_BUSY and its extended codes. */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && (errcode & 0xff) === 5
}

function sqlite(): typeof import('node:sqlite') {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 13)) return process.getBuiltinModule('node:sqlite')
  throw new NodeVersionError(`trackTasks needs Node 22.13 or later, for its SQLite; this is ${process.versions.node}`)
}
