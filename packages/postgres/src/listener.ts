import type { Clock, Timer } from '@luma-callback/core/inbox'
import type { PoolClient } from 'pg'
import type { Database } from './database.ts'
import { runStatement } from './statement.ts'

/** How often to see whether the connection still lives, or to try for another, in milliseconds. */
const INTERVAL = 5_000

/**
 * Wakes the worker when any process has recorded callbacks, on a connection of its own. While there is none, the worker
 * finds them by polling. pg-boss's own `notify` wakes what was begun by its `work`, which is not how jobs are taken here.
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
    await runStatement(opened, `LISTEN ${channel}`)
    // What was recorded while nobody listened.
    wake()
  }

  async function look(): Promise<void> {
    try {
      if (client) await runStatement(client, 'SELECT 1')
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

  return {
    async stop() {
      isStopped = true
      clock.clearTimeout(timer)
      await turn
      drop()
    },
  }
}
