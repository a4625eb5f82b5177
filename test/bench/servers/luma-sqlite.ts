import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lumaCallback } from '@luma-callback/express'
import { sqliteInbox } from '@luma-callback/sqlite'
import express from 'express'

/** The receiver with the durable inbox, on a file of its own unless it is given one. */
const file = process.argv[2] ?? join(mkdtempSync(join(tmpdir(), 'luma-bench-')), 'luma.db')
const app = express()
const luma = lumaCallback(() => {}, { secret: 'bench-secret', inbox: sqliteInbox(file) })
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
