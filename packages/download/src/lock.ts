import { pause, systemClock } from '@luma-callback/core'
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Milliseconds between looks at a lock that somebody has. */
const LOOK_EVERY = 100
/** Whoever has a lock touches it so often, in milliseconds. */
const TOUCH_EVERY = 5_000
/** One that was not touched for so long, in milliseconds, is nobody's: of another machine, or of a process whose number another has now. */
const STALE = 60_000
/** What somebody is only about to write is readable after so many milliseconds. */
const WRITTEN = 2_000

interface Owner {
  host: string
  pid: number
  id: string
}

/** The locks of this process. */
const held = new Set<string>()

/**
 * Makes sure that one save at a time works on a file, in this process or any other; resolves with what lets go of it. Who
 * died with a lock is told by its process, or on another machine by the lock's age.
 */
export async function lock(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  const owner: Owner = { host: hostname(), pid: process.pid, id: randomUUID() }
  held.add(owner.id)
  try {
    while (!(await take(path, owner))) {
      await pause(LOOK_EVERY, signal, systemClock)
      signal.throwIfAborted()
    }
  } catch (error) {
    held.delete(owner.id)
    throw error
  }
  const timer = setInterval(() => void touch(path), TOUCH_EVERY)
  return async () => {
    clearInterval(timer)
    held.delete(owner.id)
    await rm(path, { force: true })
  }
}

async function take(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const other = await read(path)
  if (!(await isDead(path, other))) return false
  // Of all that see it dead, one takes it away; the others look again.
  const away = `${path}.${owner.id}`
  await rename(path, away).catch(ignoreMissing)
  const taken = await read(away)
  // What we took away may be the lock of one that was quicker than we: it gets it back.
  if (other && taken && taken.id !== other.id) await rename(away, path)
  else await rm(away, { force: true })
  return false
}

async function isDead(path: string, owner: Owner | undefined): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
  const age = Date.now() - mtimeMs
  if (!owner) return age > WRITTEN
  const { host, pid, id } = owner
  if (held.has(id)) return false
  if (age > STALE) return true
  return host === hostname() && (pid === process.pid || !isAlive(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Undefined for a lock that is gone, or that its owner died upon writing. */
async function read(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner
  } catch {
    return undefined
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now).catch(() => {})
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
