import { randomUUID } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** The process that holds a lock. */
export interface LockHolder {
  /** The machine: its name, boot id and PID namespace, as far as the system has them. */
  host: string
  pid: number
  /** The start time of the process, which tells it from a later process with the same PID. Null if the system has none. */
  started: string | null
  /** Unique for each lock. */
  id: string
}

export async function newHolder(): Promise<LockHolder> {
  const { pid } = process
  return { host: await thisHost(), pid, started: (await processOf(pid))?.started ?? null, id: randomUUID() }
}

export function isHolder(value: unknown): value is LockHolder {
  const { host, pid, started, id } = (value ?? {}) as Partial<Record<keyof LockHolder, unknown>>
  const isStarted = started === null || typeof started === 'string'
  return typeof host === 'string' && Number.isSafeInteger(pid) && isStarted && typeof id === 'string'
}

/**
 * True if the process exists, even if it is stopped. Undefined if that is unknown: on another machine, if the system has no
 * start times, and for this process, because the holder may have been a thread that has ended.
 */
export async function isAlive({ host, pid, started }: LockHolder): Promise<boolean | undefined> {
  if (host !== (await thisHost())) return undefined
  if (!exists(pid)) return false
  const now = await processOf(pid)
  if (!now || started === null) return undefined
  if (now.hasEnded || now.started !== started) return false
  return pid === process.pid ? undefined : true
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** A host name is not enough: two containers may share it and both have a PID 1, and PIDs repeat after a reboot. */
async function thisHost(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return [hostname(), boot.trim(), namespace].join(' ')
}

/** See proc(5): field 3 is the state, field 22 the start time in ticks. Field 2, in parentheses, may hold any character. */
async function processOf(pid: number): Promise<{ started: string; hasEnded: boolean } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = '', started] = [fields[0], fields[19]]
  // Z and X are processes that have ended, but that their parent has not waited for.
  return started === undefined ? undefined : { started, hasEnded: 'ZXx'.includes(state) }
}
