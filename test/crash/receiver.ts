// A receiver that is killed again and again: Express, a secret, the SQLite inbox. What its hooks do goes to a log
// that outlives it, a line at a time: a run has begun, is done, and was noted as done.
import { lumaCallback } from '@luma-callback/express'
import { sqliteInbox } from '@luma-callback/sqlite'
import express from 'express'
import { hash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogLine } from './log.ts'

const [file = '', log = '', secret = '', seed = '0'] = process.argv.slice(2)

function write(what: LogLine['what'], key: string): void {
  appendFileSync(log, `${what} ${process.pid} ${key}\n`)
}

/** From 0 to 30 ms, the same for a callback in every run of a seed. */
function durationOf(key: string): number {
  return Number.parseInt(hash('sha256', `${seed}${key}`).slice(0, 8), 16) % 31
}

async function hook({ key }: { key: string }): Promise<void> {
  write('begun', key)
  await sleep(durationOf(key))
  write('done', key)
}

const luma = lumaCallback({
  onSuccess: hook,
  onFailure: hook,
  secret,
  // Enough to keep up with the load.
  concurrency: 100,
  inbox: sqliteInbox(file),
  observe(event) {
    if (event.type === 'delivered') write('noted', event.callback.key)
    if (event.type === 'dead') write('dead', event.callback.key)
    if (event.type === 'error') console.error(event.error)
  },
})
await luma.start()
const app = express()
app.use(luma)
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))

process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  process.disconnect?.()
  void luma.close()
})
