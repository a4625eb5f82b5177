import { createRunner, type Inbox, type Job, type Recorded, type Runner } from '@luma-callback/core'

/** What an inbox may get wrong. */
export type Fault =
  | 'forgets what was done'
  | 'sees no conflict'
  | 'takes the key of another'
  | 'leases what is leased'
  | 'is done before the hook'
  | 'gives up at once'
  | 'retries for ever'
  | 'counts what was cut off'
  | 'does not wait for what runs'
  | 'records after it closed'

interface Row extends Job {
  attempt: number
  state: 'pending' | 'running' | 'done' | 'dead'
  digest: string
  dueAt: number
}

/** Everything that an inbox must have, on a Map that the inboxes of a test share; with a fault if one is asked for. */
export function memoryInboxes(fault?: Fault): () => Inbox {
  const rows = new Map<string, Row>()

  return () => {
    let runner: Runner | undefined
    let isClosed = false

    const end = async (row: Row, state: Row['state'], dueAt = 0): Promise<boolean> => {
      Object.assign(row, { state, dueAt })
      if (state === 'done' && fault === 'forgets what was done') rows.delete(row.source.key)
      return true
    }

    return {
      async record({ key: ownKey, digest, raw, query, receivedAt }): Promise<Recorded> {
        if (isClosed && fault !== 'records after it closed') throw new Error('closed')
        const key = fault === 'takes the key of another' ? ownKey.toLowerCase() : ownKey
        const first = rows.get(key)
        if (first) return first.digest === digest || fault === 'sees no conflict' ? 'duplicate' : 'conflict'
        const source = { key: ownKey, raw, query, receivedAt }
        rows.set(key, { source, digest, attempt: 0, crashes: 0, isRecovered: false, state: 'pending', dueAt: 0 })
        runner?.wake()
        return 'recorded'
      },
      async start(deliver, options) {
        runner = createRunner<Row>({
          ...options,
          deliver,
          lease: 30_000,
          pollInterval: 10,
          store: {
            async take(count) {
              const isFree = ({ state, attempt }: Row): boolean =>
                state === 'pending' || (state === 'running' && attempt < 2 && fault === 'leases what is leased')
              const due = [...rows.values()].filter((row) => isFree(row) && row.dueAt <= Date.now()).slice(0, count)
              for (const row of due) {
                row.attempt++
                row.state = fault === 'is done before the hook' ? 'done' : 'running'
              }
              return due
            },
            renew: async () => true,
            complete: (row) => end(row, 'done'),
            retry: (row, _failure, delay) =>
              fault === 'gives up at once' ? end(row, 'dead') : end(row, 'pending', Date.now() + delay),
            bury: (row) => (fault === 'retries for ever' ? end(row, 'pending', Date.now() + 20) : end(row, 'dead')),
            giveBack(row) {
              if (fault !== 'counts what was cut off') row.attempt--
              if (fault === 'is done before the hook') return Promise.resolve(true)
              return end(row, 'pending')
            },
          },
        })
      },
      async close(options) {
        isClosed = true
        await runner?.close(fault === 'does not wait for what runs' ? { timeout: 0 } : options)
      },
    }
  }
}
