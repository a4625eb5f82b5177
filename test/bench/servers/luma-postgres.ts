import { lumaCallback } from '@luma-callback/express'
import { postgresInbox } from '@luma-callback/postgres'
import express from 'express'
import pg from 'pg'

/** The receiver with the inbox on Postgres, in a schema of its own, which is gone when the next one starts. */
const url = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const schema = 'luma_bench'
const client = new pg.Client(url)
await client.connect()
await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
await client.end()

const app = express()
const luma = lumaCallback(() => {}, { secret: 'bench-secret', inbox: postgresInbox(url, { schema }) })
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
