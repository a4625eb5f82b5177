import { pause, systemClock } from '@luma-callback/core/internal'
import { link, lstat, open, readFile, rename, rm, utimes } from 'node:fs/promises'
import { noFile } from '../errors.ts'
import { isAtWork, isOwner, newOwner, type Owner } from './owner.ts'

/** Milliseconds between looks at a lock that somebody has. */
const LOOK_EVERY = 100
/** Whoever has a lock touches it so often, in milliseconds. */
const TOUCH_EVERY = 1_000
/** Looks in a row, of which none sees a touch, until it counts as untouched, whatever the clocks say. */
const UNTOUCHED = 30
/** It must also be so old, in milliseconds, where nothing else tells whether its owner is there. */
const STALE = 60_000
/** What somebody is only about to write is readable after so many milliseconds. */
const WRITTEN = 2_000

export interface Lock {
  /** Whether it is ours still: to one who was stopped for long it may not be. */
  isHeld(): Promise<boolean>
  leave(): Promise<void>
}

/** What is seen of a lock at a moment. */
interface Seen {
  /** It is another lock, or was touched, if this is another one. */
  stamp: string
  /** Milliseconds. */
  age: number
  /** Undefined for a lock that its owner has not written, or died upon writing. */
  owner: Owner | undefined
}

/**
 * Makes sure that one save at a time works on a file, in this process or any other. Who died with a lock is told by its
 * process; where that cannot be told, by nobody touching it. The latter can be wrong about one that was stopped, so
 * whoever has a lock asks whether it `isHeld` before a step that could do harm to another's work.
 */
export async function lock(path: string, signal: AbortSignal): Promise<Lock> {
  const owner = await newOwner()
  const isHeld = async (): Promise<boolean> => (await read(path))?.id === owner.id
  let last: string | undefined
  for (let looks = 0; !(await create(path, owner)); looks++) {
    const seen = await look(path)
    if (seen?.stamp !== last) looks = 0
    last = seen?.stamp
    if (seen && (await isLeft(seen, looks))) await takeAway(path, seen, owner.id)
    else await pause(LOOK_EVERY, signal, systemClock)
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

async function create(path: string, owner: Owner): Promise<boolean> {
  const handle = await open(path, 'wx').catch((error: unknown) => unless(error, 'EEXIST'))
  if (!handle) return false
  try {
    await handle.writeFile(JSON.stringify(owner))
    return true
  } catch (error) {
    // On a full disk. Nobody has to wait for what nobody holds.
    await rm(path, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

async function look(path: string): Promise<Seen | undefined> {
  const stats = await lstat(path, { bigint: true }).catch((error: unknown) => unless(error, 'ENOENT'))
  if (!stats) return undefined
  if (!stats.isFile()) throw noFile(path)
  const stamp = `${stats.dev} ${stats.ino} ${stats.mtimeNs}`
  // A clock that is ahead leaves times that are to come.
  return { stamp, age: Math.abs(Date.now() - Number(stats.mtimeMs)), owner: await read(path) }
}

async function isLeft({ age, owner }: Seen, looks: number): Promise<boolean> {
  const atWork = owner && (await isAtWork(owner))
  if (atWork !== undefined) return !atWork
  return age > (owner ? STALE : WRITTEN) && looks >= UNTOUCHED
}

/** Of all that see it left, one takes it away; then all try again to make their own. */
async function takeAway(path: string, seen: Seen, id: string): Promise<void> {
  const away = `${path}.${id}`
  await rename(path, away).catch((error: unknown) => unless(error, 'ENOENT'))
  const taken = await look(away)
  // It was quicker than we, and this is the lock of one that is at work: it gets it back. If another one has come between,
  // it does not, and finds out when it asks for it.
  if (taken && taken.stamp !== seen.stamp) await link(away, path).catch(() => {})
  await rm(away, { force: true })
}

async function read(path: string): Promise<Owner | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isOwner(value) ? value : undefined
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
