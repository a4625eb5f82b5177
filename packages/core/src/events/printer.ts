import type { Clock, Timer } from '../internal/clock.ts'
import { captureContext } from '../internal/async-context.ts'
import { describeEvent } from './describe.ts'
import type { LumaEvent } from './events.ts'
import { printable } from './printable.ts'

/** Milliseconds from a line to the next of its kind. They double with each line, up to the longest. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 60_000
/** Kinds that are told apart, and addresses that are counted; strangers must not fill the memory with either. */
const MOST_KINDS = 50
const MOST_ADDRESSES = 1_000
/** Tasks that a summary lists. */
const MOST_TASKS = 20
/** Characters of an address or of an error's name that are looked at. */
const LONGEST_NAME = 64

/** The default observer. */
export interface Printer {
  print(event: LumaEvent): void
  /** Tells at once what was only counted so far. */
  flush(): void
}

export interface PrinterOptions {
  clock: Clock
  /** Prints a text of one line or more. */
  write: (text: string) => void
}

/** Events of one kind since the last line about it. */
interface Kind {
  pause: number
  toldAt: number
  count: number
  /** The latest of them, as it would have been printed. */
  latest: string
  addresses: Set<string>
  /** The tasks they are about, as far as they are listed. */
  tasks: Set<string>
  timer: Timer | undefined
}

/**
 * Prints what someone should look at, each line with the time. The first event of a kind is printed at once; those that follow
 * closely are counted, and told in one line with the latest of them, after pauses that grow. A dead task has a line of its own.
 */
export function createPrinter({ clock, write }: PrinterOptions): Printer {
  const kinds = new Map<string, Kind>()
  // A timer that is made in a request's async context would keep it in memory.
  const inMaking = captureContext()

  function print(event: LumaEvent): void {
    if (!isTrouble(event)) return
    const name = kindOf(event)
    if (name === undefined) return write(line(event))
    const kind = kindNamed(name)
    const quiet = clock.elapsed() - kind.toldAt
    if (kind.count > 0 || quiet < kind.pause) return add(kind, event)
    told(kind, quiet < LONGEST_PAUSE ? kind.pause * 2 : FIRST_PAUSE)
    write(line(event))
  }

  function add(kind: Kind, event: LumaEvent): void {
    kind.count++
    kind.latest = line(event)
    const address = 'address' in event ? event.address : undefined
    if (address !== undefined && kind.addresses.size <= MOST_ADDRESSES) {
      kind.addresses.add(address.slice(0, LONGEST_NAME))
    }
    const task = 'callback' in event ? event.callback.taskId : undefined
    if (task !== undefined && kind.tasks.size < MOST_TASKS) kind.tasks.add(printable(task, { most: LONGEST_NAME }))
    kind.timer ??= inMaking(() => clock.setTimeout(() => tell(kind), kind.toldAt + kind.pause - clock.elapsed()))
    // Counts are no reason for a process to go on.
    kind.timer.unref?.()
  }

  function tell(kind: Kind): void {
    const text = kind.count === 1 ? kind.latest : summary(kind)
    told(kind, kind.pause * 2)
    write(text)
  }

  function told(kind: Kind, pause: number): void {
    clock.clearTimeout(kind.timer)
    kind.pause = Math.min(pause, LONGEST_PAUSE)
    kind.toldAt = clock.elapsed()
    kind.count = 0
    kind.latest = ''
    kind.addresses.clear()
    kind.tasks.clear()
    kind.timer = undefined
  }

  function summary({ count, toldAt, addresses, tasks, latest }: Kind): string {
    const seconds = Math.max(1, Math.round((clock.elapsed() - toldAt) / 1_000))
    const [first = ''] = latest.split('\n')
    return `${time()} luma-callback: ${count} more like it in the last ${seconds} s${from(addresses)}${of(tasks)}, the latest at ${first}`
  }

  function line(event: LumaEvent): string {
    return `${time()} ${describeEvent(event)}`
  }

  function time(): string {
    return new Date(clock.now()).toISOString()
  }

  /** Beyond the most, all others are one kind. Those that were quiet for long are forgotten first. */
  function kindNamed(name: string): Kind {
    if (kinds.size >= MOST_KINDS && !kinds.has(name)) {
      for (const [old, kind] of kinds) {
        if (kind.count === 0 && clock.elapsed() - kind.toldAt >= LONGEST_PAUSE) kinds.delete(old)
      }
    }
    const known = kinds.size >= MOST_KINDS && !kinds.has(name) ? 'others' : name
    const kind = kinds.get(known) ?? newKind()
    kinds.set(known, kind)
    return kind
  }

  return {
    print,
    flush() {
      for (const kind of kinds.values()) if (kind.count > 0) tell(kind)
    },
  }
}

function newKind(): Kind {
  return { pause: 0, toldAt: -Infinity, count: 0, latest: '', addresses: new Set(), tasks: new Set(), timer: undefined }
}

function of(tasks: Set<string>): string {
  if (tasks.size === 0) return ''
  return `, of the tasks ${[...tasks].join(', ')}${tasks.size === MOST_TASKS ? ' and others' : ''}`
}

function from({ size }: Set<string>): string {
  if (size === 0) return ''
  if (size > MOST_ADDRESSES) return ` from more than ${MOST_ADDRESSES} addresses`
  return ` from ${size} ${size === 1 ? 'address' : 'addresses'}`
}

/** What went well is silent, and so is an answer whose cause another event tells. */
function isTrouble(event: LumaEvent): boolean {
  switch (event.type) {
    case 'rejected':
      return event.reason !== 'hook_failed' && event.reason !== 'store_unavailable' && event.reason !== 'error'
    case 'conflict':
    case 'forged':
    case 'retrying':
    case 'dead':
    case 'restored':
    case 'error':
      return true
    case 'received':
    case 'duplicate':
    case 'delivered':
    case 'recovered':
      return false
    default:
      return event satisfies never
  }
}

/** A failure that no hook took, and a stored callback that cannot be read: their line is all that tells which task it was. */
const ONE_LINE_EACH: ReadonlySet<string> = new Set(['ERR_LUMA_NO_HOOK', 'ERR_LUMA_UNRECOVERABLE'])

/**
 * What counts as the same; undefined for what is always printed. A task that is dead is lost unless someone acts, and its line
 * may be all that is left of it; one that is dead because it was forged has lost nothing.
 */
function kindOf(event: LumaEvent): string | undefined {
  switch (event.type) {
    case 'rejected':
      return `${event.type} ${event.reason}`
    case 'retrying':
      return `${event.type} ${event.by} ${nameOf(event.error)}`
    case 'error':
      return ONE_LINE_EACH.has(nameOf(event.error)) ? undefined : `${event.type} ${nameOf(event.error)}`
    case 'dead':
      return nameOf(event.error) === 'ERR_LUMA_FORGED' ? 'dead forged' : undefined
    default:
      return event.type
  }
}

function nameOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return code.slice(0, LONGEST_NAME)
}
