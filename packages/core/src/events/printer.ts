import type { Clock, Timer } from '../internal/clock.ts'
import { captureContext } from '../internal/async-context.ts'
import { describeEvent } from './describe.ts'
import { isTrouble, kindOf, LONGEST_NAME } from './event-kinds.ts'
import type { LumaEvent } from './events.ts'
import { printable } from '../internal/printable.ts'

/** Milliseconds from a line to the next of its kind. They double with each line, up to the longest. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 60_000
/** Kinds that are told apart, and addresses that are counted; strangers must not fill the memory with either. */
const MOST_KINDS = 50
const MOST_ADDRESSES = 1_000
/** Tasks that a summary lists. */
const MOST_TASKS = 20

/** The default observer. */
export interface Printer {
  print(event: LumaEvent): void
  /** Prints the summaries that still wait for their pause. */
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
    const kind = kindNamed(kinds, name, clock.elapsed())
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
    const text = kind.count === 1 ? kind.latest : `${time()} ${summary(kind, clock.elapsed() - kind.toldAt)}`
    told(kind, kind.pause * 2)
    write(text)
  }

  function told(kind: Kind, pause: number): void {
    clock.clearTimeout(kind.timer)
    Object.assign(kind, newKind(), { pause: Math.min(pause, LONGEST_PAUSE), toldAt: clock.elapsed() })
  }

  function line(event: LumaEvent): string {
    return `${time()} ${describeEvent(event)}`
  }

  function time(): string {
    return new Date(clock.now()).toISOString()
  }

  return {
    print,
    flush() {
      for (const kind of kinds.values()) if (kind.count > 0) tell(kind)
    },
  }
}

/** Beyond the most, all others are one kind. Those that were quiet for long are forgotten first. */
function kindNamed(kinds: Map<string, Kind>, name: string, now: number): Kind {
  if (kinds.size >= MOST_KINDS && !kinds.has(name)) {
    for (const [old, kind] of kinds) {
      if (kind.count === 0 && now - kind.toldAt >= LONGEST_PAUSE) kinds.delete(old)
    }
  }
  const known = kinds.size >= MOST_KINDS && !kinds.has(name) ? 'others' : name
  const kind = kinds.get(known) ?? newKind()
  kinds.set(known, kind)
  return kind
}

function newKind(): Kind {
  return { pause: 0, toldAt: -Infinity, count: 0, latest: '', addresses: new Set(), tasks: new Set(), timer: undefined }
}

function summary({ count, addresses, tasks, latest }: Kind, duration: number): string {
  const seconds = Math.max(1, Math.round(duration / 1_000))
  const [first = ''] = latest.split('\n')
  return `luma-callback: ${count} more like it in the last ${seconds} s${from(addresses)}${of(tasks)}, the latest at ${first}`
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
