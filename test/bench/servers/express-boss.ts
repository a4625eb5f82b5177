import express from 'express'
import pg from 'pg'
import { PgBoss } from 'pg-boss'

/** What people write who have pg-boss: a job for each request, and a worker, with its defaults. */
const url = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const schema = 'luma_bench_boss'
const client = new pg.Client(url)
await client.connect()
await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
await client.end()

const boss = new PgBoss({ connectionString: url, schema })
await boss.start()
await boss.createQueue('callbacks')
await boss.work('callbacks', async () => {})
const app = express()
app.use(express.json())
app.post('/luma-modify-callback', async (request, response) => {
  await boss.send('callbacks', request.body as object)
  response.json({ status: 'received' })
})
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
