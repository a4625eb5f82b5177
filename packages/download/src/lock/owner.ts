import { randomUUID } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Whoever holds a lock. */
export interface Owner {
  /** The machine: its name, its start and its process numbers' namespace, as far as the system tells of these. */
  host: string
  pid: number
  /** When the process began, so that it is told from a later one of the same number. Null where the system does not tell. */
  started: string | null
  /** Of this one lock. */
  id: string
}

export async function newOwner(): Promise<Owner> {
  const { pid } = process
  return { host: await thisHost(), pid, started: (await processOf(pid))?.started ?? null, id: randomUUID() }
}

export function isOwner(value: unknown): value is Owner {
  const { host, pid, started, id } = (value ?? {}) as Partial<Record<keyof Owner, unknown>>
  const isStarted = started === null || typeof started === 'string'
  return typeof host === 'string' && Number.isSafeInteger(pid) && isStarted && typeof id === 'string'
}

/**
 * Whether a process is there still, be it only stopped. Undefined where that cannot be told: on another machine, where the
 * system does not tell when a process began, and in this process, where it may have been a thread that has ended.
 */
export async function isAtWork({ host, pid, started }: Owner): Promise<boolean | undefined> {
  if (host !== (await thisHost())) return undefined
  if (!isThere(pid)) return false
  const now = await processOf(pid)
  if (!now || started === null) return undefined
  if (now.hasEnded || now.started !== started) return false
  return pid === process.pid ? undefined : true
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Two containers may have the same name, and both a process 1; after a restart of the machine numbers come again. */
async function thisHost(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return [hostname(), boot.trim(), namespace].join(' ')
}

/** By proc(5): the state is the third field, and the start, in ticks, the 22nd. The second may have anything in it. */
async function processOf(pid: number): Promise<{ started: string; hasEnded: boolean } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = '', started] = [fields[0], fields[19]]
  // One that nobody has waited for is there in name only.
  return started === undefined ? undefined : { started, hasEnded: 'ZXx'.includes(state) }
}
