import type { Clock, Timer } from '@luma-callback/core/inbox'
import type { PoolClient, QueryConfig } from 'pg'
import { SILENCE, type Database } from './database.ts'

/** How often to see whether the connection still lives, or to try for another, in milliseconds. */
const INTERVAL = 5_000

/**
 * Wakes the worker when any process has recorded callbacks, on a connection of its own. While there is none, the worker
 * finds them by polling.
 */
export function startListener(
  database: Database,
  channel: string,
  wake: () => void,
  clock: Clock,
): { stop: () => Promise<void> } {
  let client: PoolClient | undefined
  let timer: Timer | undefined
  let isStopped = false
  let turn = look()

  function drop(): void {
    const dropped = client
    client = undefined
    dropped?.release(true)
  }

  async function listen(): Promise<void> {
    const opened = await database.connect()
    client = opened
    opened.on('notification', wake)
    opened.on('error', () => {
      if (client === opened) drop()
    })
    await opened.query(patient(`LISTEN ${channel}`))
    // What was recorded while nobody listened.
    wake()
  }

  async function look(): Promise<void> {
    try {
      if (client) await client.query(patient('SELECT 1'))
      else await listen()
    } catch {
      drop()
    }
    if (isStopped) return drop()
    timer = clock.setTimeout(() => {
      turn = look()
    }, INTERVAL)
    timer.unref?.()
  }

  /** @types/pg knows the timeout for connections only. */
  function patient(text: string): QueryConfig {
    return { text, query_timeout: SILENCE } as QueryConfig
  }

  return {
    async stop() {
      isStopped = true
      clock.clearTimeout(timer)
      await turn
      drop()
    },
  }
}
