import { setTimeout as sleep } from 'node:timers/promises'
import { lumaCallback } from '@luma-callback/express'
import express from 'express'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { now } from '../clock.ts'
import { openInbox, type InboxName } from '../inboxes.ts'
import type { Told } from '../watched.ts'

/** The receiver with any inbox, or in direct mode, whose hooks say when they begin and when they are done. */
const [name = 'direct', hookTime = '0', given = ''] = process.argv.slice(2)
const file = given || join(mkdtempSync(join(tmpdir(), 'luma-bench-')), 'luma.db')
const inbox = await openInbox(name as InboxName, file)

function tell(type: Told['type'], taskId: string): void {
  process.send?.({ type, taskId, at: now() } satisfies Told)
}

async function hook({ taskId }: { taskId: string }): Promise<void> {
  tell('begun', taskId)
  if (hookTime !== '0') await sleep(Number(hookTime))
  tell('done', taskId)
}

const app = express()
const luma = lumaCallback(hook, { secret: 'bench-secret', inbox })
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
