// One of several processes on one inbox. It is told by messages what to record, and tells what its hooks do.
import { parseCallback, StoreUnavailableError, type DurableInbox } from '@luma-callback/core'
import { systemClock } from '@luma-callback/core/internal'
import { setTimeout as sleep } from 'node:timers/promises'
import { successOf } from './signed.ts'

/** The inbox: a file, or a server, with the options of its inbox. */
export type Where =
  | { sqlite: string; options?: object }
  | { redis: string; options: object }
  | { postgres: string; options: object }

/** To the process: record these tasks, or close. From it: what it has come to. */
export type ToProcess = { record: string[] } | 'close'
export type FromProcess =
  | { type: 'started' | 'recorded' }
  | { type: 'begun' | 'done' | 'recovered'; taskId: string; attempt: number }

const [where = '', hookTime = '0', concurrency = '10'] = process.argv.slice(2)
const inbox = await open(JSON.parse(where) as Where)

/** Only what is needed is loaded: a process starts often. */
async function open(at: Where): Promise<DurableInbox> {
  if ('sqlite' in at)
    return (await import('@luma-callback/sqlite')).sqliteInbox(at.sqlite, { busyTimeout: 60_000, ...at.options })
  if ('redis' in at) return (await import('@luma-callback/redis')).redisInbox(at.redis, at.options)
  return (await import('@luma-callback/postgres')).postgresInbox(at.postgres, at.options)
}

function tell(message: FromProcess): void {
  process.send?.(message)
}

await inbox.start(
  async ({ taskId }, { attempt }) => {
    tell({ type: 'begun', taskId, attempt })
    if (taskId === 'deadly') process.kill(process.pid, 'SIGKILL')
    await sleep(Number(hookTime))
    tell({ type: 'done', taskId, attempt })
  },
  {
    concurrency: Number(concurrency),
    retry: { attempts: 3, minDelay: 10, maxDelay: 40 },
    retention: 60 * 60 * 1000,
    clock: systemClock,
    emit(event) {
      if (event.type === 'recovered') tell({ type: 'recovered', taskId: event.callback.taskId, attempt: event.attempt })
      if (event.type === 'error') console.error(event.error)
    },
  },
)

async function record(taskIds: readonly string[]): Promise<void> {
  await Promise.all(taskIds.map(recordOne))
  tell({ type: 'recorded' })
}

/** Comes back after a 503, as the provider does: where much is asked of an engine at once, not all is taken in time. */
async function recordOne(id: string): Promise<void> {
  const callback = parseCallback({ raw: successOf(id).body, query: {}, receivedAt: new Date() })
  for (;;) {
    try {
      return void (await inbox.record(callback))
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
      await sleep(100)
    }
  }
}

process.on('message', (message: ToProcess) => {
  if (message === 'close') void inbox.close().then(() => process.disconnect?.())
  else void record(message.record)
})
tell({ type: 'started' })
