import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { lumaCallback } from '@luma-callback/express'
import { sqliteInbox } from '@luma-callback/sqlite'
import express from 'express'
import { now } from '../clock.ts'
import type { Look, Question } from '../soak-receiver.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** The receiver with the durable inbox and a hook that saves what it is given; asked, it says how it is. */
const folder = mkdtempSync(join(tmpdir(), 'luma-bench-'))
const inbox = sqliteInbox(join(folder, 'luma.db'))
let runs = 0
let firstAt = 0
let latestAt = 0

const luma = lumaCallback(
  async ({ raw }) => {
    firstAt ||= now()
    // A hundred names, so that the disk does not fill up.
    await writeFile(join(folder, `saved-${runs % 100}.json`), raw)
    runs++
    latestAt = now()
  },
  // Each run waits for two commits besides itself: with ten at once those would be all that is measured.
  { secret: 'bench-secret', inbox, concurrency: 100 },
)

async function look(question: Question): Promise<Look> {
  const { pending, running, dead } = await inbox.stats()
  // Resident memory as it is; of the heap only what is held.
  const { rss } = process.memoryUsage()
  if (question === 'memory') collectGarbage()
  const { heapUsed } = process.memoryUsage()
  return { backlog: pending + running, dead, runs, firstAt, latestAt, rss, heapUsed }
}

process.on('message', (question: Question) => {
  void look(question).then((answer) => process.send?.(answer))
})
const app = express()
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.(server.address())
