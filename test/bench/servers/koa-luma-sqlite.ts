import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lumaCallback } from '@luma-callback/koa'
import { sqliteInbox } from '@luma-callback/sqlite'
import Koa from 'koa'

/** The Koa receiver with the durable inbox, on a file of its own. */
const file = join(mkdtempSync(join(tmpdir(), 'luma-bench-')), 'luma.db')
const app = new Koa()
const luma = lumaCallback(() => {}, { secret: 'bench-secret', inbox: sqliteInbox(file) })
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
