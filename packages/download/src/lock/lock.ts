import { pause, systemClock } from '@luma-callback/core/internal'
import { link, lstat, open, readFile, rename, rm, utimes } from 'node:fs/promises'
import { notAFile } from '../errors.ts'
import { isAlive, isHolder, newHolder, type LockHolder } from './holder.ts'

/** Milliseconds between polls of a lock that is held. */
const POLL_EVERY = 100
/** The holder of a lock touches it at this interval, in milliseconds. */
const TOUCH_EVERY = 1_000
/** Unchanged polls in a row until the lock counts as stale. Counting polls does not depend on the clocks. */
const UNTOUCHED = 30
/** The age that a stale lock must also have if its holder cannot be checked, in milliseconds. */
const STALE = 60_000
/** The same for a lock without a readable holder: a live holder has written it by then. */
const WRITTEN = 2_000

export interface Lock {
  /** True if this process still holds the lock. A process that was stopped for long may have lost it. */
  isHeld(): Promise<boolean>
  leave(): Promise<void>
}

/** One look at a lock. */
interface Seen {
  /** Changes when the lock is touched or replaced. */
  stamp: string
  /** Milliseconds. */
  age: number
  /** Undefined if the holder has not written it yet, or died while writing. */
  holder: LockHolder | undefined
}

/**
 * Makes sure that only one save works on a file at a time, across processes. A lock is stale if its process is dead; if the
 * process cannot be checked, if the lock is not touched for long. The second rule can be wrong about a stopped process, so the
 * holder checks `isHeld` before each step that could damage the work of another.
 */
export async function lock(path: string, signal: AbortSignal): Promise<Lock> {
  const holder = await newHolder()
  const isHeld = async (): Promise<boolean> => (await read(path))?.id === holder.id
  let last: string | undefined
  for (let unchanged = 0; !(await create(path, holder)); unchanged++) {
    const seen = await look(path)
    if (seen?.stamp !== last) unchanged = 0
    last = seen?.stamp
    if (seen && (await isStale(seen, unchanged))) await takeAway(path, seen, holder.id)
    else await pause(POLL_EVERY, signal, systemClock)
    signal.throwIfAborted()
  }
  const timer = setInterval(() => void touch(path, isHeld), TOUCH_EVERY)
  return {
    isHeld,
    async leave() {
      clearInterval(timer)
      if (await isHeld()) await rm(path, { force: true })
    },
  }
}

async function create(path: string, holder: LockHolder): Promise<boolean> {
  const handle = await open(path, 'wx').catch((error: unknown) => unless(error, 'EEXIST'))
  if (!handle) return false
  try {
    await handle.writeFile(JSON.stringify(holder))
    return true
  } catch (error) {
    // The disk may be full. An empty lock file would make others wait.
    await rm(path, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

async function look(path: string): Promise<Seen | undefined> {
  const stats = await lstat(path, { bigint: true }).catch((error: unknown) => unless(error, 'ENOENT'))
  if (!stats) return undefined
  if (!stats.isFile()) throw notAFile(path)
  const stamp = `${stats.dev} ${stats.ino} ${stats.mtimeNs}`
  // The time may lie in the future if the other machine's clock is ahead.
  return { stamp, age: Math.abs(Date.now() - Number(stats.mtimeMs)), holder: await read(path) }
}

async function isStale({ age, holder }: Seen, unchanged: number): Promise<boolean> {
  const alive = holder && (await isAlive(holder))
  if (alive !== undefined) return !alive
  return age > (holder ? STALE : WRITTEN) && unchanged >= UNTOUCHED
}

/** Removes a stale lock. If several processes try, one succeeds; then all try to create their own. */
async function takeAway(path: string, seen: Seen, id: string): Promise<void> {
  const away = `${path}.${id}`
  await rename(path, away).catch((error: unknown) => unless(error, 'ENOENT'))
  const taken = await look(away)
  // The lock was replaced in the meantime, so this one belongs to a live process: put it back. If a third process has created
  // its own by now, the link fails, and the live process notices by `isHeld`.
  if (taken && taken.stamp !== seen.stamp) await link(away, path).catch(() => {})
  await rm(away, { force: true })
}

async function read(path: string): Promise<LockHolder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isHolder(value) ? value : undefined
  } catch {
    return undefined
  }
}

async function touch(path: string, isHeld: Lock['isHeld']): Promise<void> {
  if (!(await isHeld())) return
  const now = new Date()
  await utimes(path, now, now).catch(() => {})
}

function unless(error: unknown, code: string): undefined {
  if ((error as NodeJS.ErrnoException).code !== code) throw error
}
