import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.ts'
import type { InboxName } from './inboxes.ts'
import { spawnServer, urlOf } from './server.ts'

/** What servers/luma-watched.ts tells of a hook, and when it was, on the clock that all processes share. */
export interface Told {
  type: 'begun' | 'done'
  taskId: string
  at: number
}

export interface Watched {
  url: string
  /** All that was told so far. */
  told: readonly Told[]
  /** Resolves with the time of what is told of this task; rejects if it ends before, or says nothing for too long. */
  when(type: Told['type'], taskId: string): Promise<number>
  /** Resolves when it is gone. */
  kill(): Promise<void>
}

export interface WatchedOptions {
  /** Milliseconds that a hook takes. Default: 0. */
  hookTime?: number
  /** Where SQLite keeps it. Default: a file that goes with the process. */
  file?: string
}

/** Milliseconds; more than any lease. */
const PATIENCE = 60_000

/** Starts a receiver whose hooks are told of. */
export async function startWatched(
  inbox: InboxName,
  { hookTime = 0, file = '' }: WatchedOptions = {},
): Promise<Watched> {
  const child = spawnServer('luma-watched', [inbox, String(hookTime), file])
  const ended = once(child, 'exit')
  const told: Told[] = []
  // From the start: what a crash left behind may be done before it listens.
  child.on('message', (message: object) => {
    if ('taskId' in message) told.push(message as Told)
  })
  return {
    url: await urlOf(child),
    told,
    when: (type, taskId) => waitFor({ child, told, type, taskId }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

interface Waiting {
  child: ChildProcess
  told: readonly Told[]
  type: Told['type']
  taskId: string
}

async function waitFor({ child, told, type, taskId }: Waiting): Promise<number> {
  const find = (): Told | undefined => told.find((one) => one.type === type && one.taskId === taskId)
  const startedAt = now()
  for (let found = find(); ; found = find()) {
    if (found) return found.at
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`a receiver ended before ${taskId} was ${type}`)
    if (now() - startedAt > PATIENCE) throw new Error(`no hook of ${taskId} was ${type} within ${PATIENCE} ms`)
    await sleep(5)
  }
}
