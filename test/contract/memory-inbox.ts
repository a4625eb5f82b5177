import { ClosedError, type DurableInbox, type Recorded } from '@luma-callback/core'
import {
  createRunner,
  type Deliver,
  type Job,
  type JobFailure,
  type JobStore,
  type Runner,
} from '@luma-callback/core/inbox'
import { looksInto } from './memory-inspect.ts'
import { newRow, sourceOf, type Row, type Store } from './memory-rows.ts'

/** What an inbox may get wrong. */
export type Fault =
  | 'starts twice'
  | 'starts after it closed'
  | 'forgets what was done'
  | 'sees no conflict'
  | 'delivers the conflict too'
  | 'takes the key of another'
  | 'takes two keys for one form'
  | 'decides before it writes'
  | 'mixes up success and failure'
  | 'loses the query'
  | 'delivers only what it recorded itself'
  | 'leases what is leased'
  | 'is done before the hook'
  | 'gives up at once'
  | 'retries for ever'
  | 'counts what was cut off'
  | 'loses what was cut off'
  | 'keeps what still runs when it closes'
  | 'does not wait for what runs'
  | 'waits for what heeds no signal'
  | 'begins more while it closes'
  | 'never ends its closing'
  | 'records after it closed'
  | 'loses what it records while it closes'
  | 'counts an end that comes after it closed'
  | 'requeues with one attempt left'
  | 'requeues what runs'
  | 'requeues and wakes nobody'
  | 'leaves one out between pages'
  | 'forgets the keys that it purges'
  | 'purges what is dead'
  | 'lists the oldest first'
  | 'keeps no code of a failure'
  | 'keeps the code of an earlier failure'

interface MemoryJob extends Job {
  readonly row: Row
  readonly takes: number
}

/** Everything that an inbox must have, on a Map that the inboxes of a test share; with a fault if one is asked for. */
export function memoryInboxes(fault?: Fault): () => DurableInbox {
  const store: Store = { rows: new Map(), seen: new Map(), wakers: new Set() }
  let owners = 0

  return () => {
    const owner = ++owners
    const own = new Set<Row>()
    const runs: Promise<void>[] = []
    let runner: Runner | undefined
    let closing: Promise<void> | undefined

    const keyOf = (key: string, taskId: string): string => {
      if (fault === 'takes the key of another') return key.toLowerCase()
      if (fault === 'takes two keys for one form') return key.normalize()
      return fault === 'mixes up success and failure' ? taskId : key
    }

    const jobs: JobStore<MemoryJob> = {
      async take(count) {
        const free = [...store.rows.values()].filter((row) => isFree(row)).slice(0, count)
        return free.map((row) => lease(row))
      },
      renew: async () => true,
      complete: async (job) => end(job, { state: 'done', endedAt: new Date() }),
      async retry(job, given, delay) {
        const failure = keptOf(given, job.row)
        if (fault === 'gives up at once') return end(job, { state: 'dead', endedAt: new Date(), failure })
        return end(job, { state: 'pending', dueAt: Date.now() + delay, failure })
      },
      async bury(job, given) {
        const failure = keptOf(given, job.row)
        if (fault === 'retries for ever') return end(job, { state: 'pending', dueAt: Date.now() + 20 })
        return end(job, { state: 'dead', endedAt: new Date(), failure })
      },
      async giveBack(job) {
        return end(job, cutOff(job.row))
      },
    }

    function keptOf({ text, code }: JobFailure, { failure }: Row): JobFailure {
      if (fault === 'keeps no code of a failure') return { text, code: undefined }
      return { text, code: fault === 'keeps the code of an earlier failure' ? (code ?? failure?.code) : code }
    }

    function isFree(row: Row): boolean {
      if (fault === 'delivers only what it recorded itself' && !own.has(row)) return false
      if (row.state === 'running') return fault === 'leases what is leased' && row.takes < 2
      return row.state === 'pending' && row.dueAt <= Date.now()
    }

    function lease(row: Row): MemoryJob {
      const isEarly = fault === 'is done before the hook'
      Object.assign(row, { state: isEarly ? 'done' : 'running', owner, startedAt: new Date() })
      const attempt = ++row.attempts
      const query = fault === 'loses the query' ? {} : row.callback.query
      const source = { ...sourceOf(row.callback), query }
      return { row, takes: ++row.takes, source, attempt, crashes: row.crashes, isRecovered: false }
    }

    function cutOff({ attempts }: Row): Partial<Row> {
      if (fault === 'loses what was cut off') return { state: 'dead' }
      return { state: 'pending', dueAt: 0, attempts: fault === 'counts what was cut off' ? attempts : attempts - 1 }
    }

    function end({ row, takes }: MemoryJob, changes: Partial<Row>): boolean {
      if (fault === 'is done before the hook') return true
      if (row.takes !== takes && fault !== 'leases what is leased') return false
      Object.assign(row, changes)
      if (row.state === 'done' && fault === 'forgets what was done') store.seen.delete(row.callback.key)
      return true
    }

    async function shutDown(timeout: number | undefined): Promise<void> {
      if (fault !== 'begins more while it closes') store.wakers.delete(wake)
      else await new Promise((resolve) => setTimeout(resolve, 500))
      await runner?.close({ timeout: fault === 'does not wait for what runs' ? 0 : timeout })
      if (fault === 'waits for what heeds no signal') await Promise.allSettled(runs)
      if (fault === 'keeps what still runs when it closes') return
      if (fault === 'never ends its closing') await new Promise(() => {})
      for (const row of store.rows.values()) {
        if (row.state === 'running' && row.owner === owner) Object.assign(row, cutOff(row), { takes: row.takes + 1 })
      }
    }

    function endLate(key: string): void {
      const row = store.rows.get(key)
      if (closing && row) row.state = 'done'
    }

    function wake(): void {
      runner?.wake()
    }

    return {
      async record(callback): Promise<Recorded> {
        if (closing && fault !== 'records after it closed') throw new Error('closed')
        const key = keyOf(callback.key, callback.taskId)
        const first = store.seen.get(key)
        if (fault === 'decides before it writes') await Promise.resolve()
        if (first !== undefined) {
          const isSame = first === callback.digest || fault === 'sees no conflict'
          if (!isSame && fault === 'delivers the conflict too') store.rows.set(`${key} again`, newRow(callback))
          return isSame ? 'duplicate' : 'conflict'
        }
        const row = newRow(callback)
        own.add(row)
        store.seen.set(key, callback.digest)
        if (fault === 'loses what it records while it closes') {
          await Promise.resolve()
          if (closing) return 'recorded'
        }
        store.rows.set(key, row)
        for (const waken of store.wakers) waken()
        return 'recorded'
      },
      async start(deliver, options) {
        if (closing && fault !== 'starts after it closed') throw new ClosedError('it was closed')
        if (runner && fault !== 'starts twice') throw new TypeError('it was started already')
        const tracked: Deliver = (callback, run) => {
          const ended = deliver(callback, run)
          runs.push(ended)
          if (fault === 'counts an end that comes after it closed')
            void ended.then(
              () => endLate(callback.key),
              () => {},
            )
          return ended
        }
        runner = createRunner({ ...options, deliver: tracked, lease: 30_000, pollInterval: 10, store: jobs })
        store.wakers.add(wake)
      },
      close({ timeout } = {}) {
        closing ??= shutDown(timeout)
        return closing
      },
      ...looksInto(store, fault),
    }
  }
}
