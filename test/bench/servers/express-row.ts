import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import express from 'express'

/** What people write who want to lose nothing: a row for each request, in a commit of its own. */
const db = new DatabaseSync(join(mkdtempSync(join(tmpdir(), 'luma-bench-')), 'rows.db'))
db.exec(
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE callbacks (id TEXT PRIMARY KEY, body TEXT NOT NULL)',
)
const insert = db.prepare('INSERT INTO callbacks VALUES (?, ?)')
const app = express()
app.use(express.json())
app.post('/luma-modify-callback', (request, response) => {
  insert.run(randomUUID(), JSON.stringify(request.body))
  response.json({ status: 'received' })
})
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
