import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.ts'
import { load } from './load.ts'
import { startServer } from './server.ts'
import { callbacks } from './tasks.ts'

/** With 'memory', garbage is collected first. */
export type Question = 'progress' | 'memory'

/** What servers/luma-soak.ts says of itself. */
export interface Look {
  /** Callbacks that wait for their hook or are in it. */
  backlog: number
  dead: number
  /** Hooks that were run to their end. */
  runs: number
  /** When the first hook began and the latest ended, in milliseconds. */
  firstAt: number
  latestAt: number
  /** Bytes. */
  rss: number
  heapUsed: number
}

/** Seconds of load at which it is measured how much a receiver can take. */
const MEASURE = 10
/** Milliseconds. */
const PATIENCE = 30_000

export async function lookAt(child: ChildProcess, question: Question): Promise<Look> {
  const settled = new AbortController()
  const { signal } = settled
  child.send(question)
  try {
    const [look] = (await Promise.race([once(child, 'message', { signal }), once(child, 'exit', { signal })])) as [
      unknown,
    ]
    if (typeof look === 'object' && look !== null) return look as Look
    throw new Error('the receiver ended')
  } finally {
    settled.abort()
  }
}

/** Resolves when all hooks were run, or none for so long that none will be. */
export async function drained(child: ChildProcess): Promise<Look> {
  let look = await lookAt(child, 'progress')
  for (let movedAt = now(); look.backlog > 0 && now() - movedAt < PATIENCE;) {
    await sleep(100)
    const before = look.runs
    look = await lookAt(child, 'progress')
    if (look.runs > before) movedAt = now()
  }
  return look
}

/**
 * Callbacks a second that a receiver can take for as long as one likes: what it answers and whose hooks it runs. It
 * answers faster than that for a while, and works off the rest later.
 */
export async function capacity(): Promise<number> {
  const { url, child } = await startServer('luma-soak')
  try {
    await load(url, { seconds: MEASURE, connections: 50, traffic: callbacks() })
    const { runs, firstAt, latestAt } = await drained(child)
    return (runs / (latestAt - firstAt)) * 1_000
  } finally {
    child.kill('SIGKILL')
  }
}
