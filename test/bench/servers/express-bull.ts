import { Queue, Worker } from 'bullmq'
import express from 'express'

/** What people write who have BullMQ: a job for each request, and a worker, with its defaults. */
const { hostname: host, port } = new URL(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379')
const connection = { host, port: Number(port || 6379) }
const queue = new Queue('luma-bench-bull', { connection })
await queue.obliterate({ force: true })
const worker = new Worker('luma-bench-bull', async () => {}, { connection })
worker.on('error', console.error)

const app = express()
app.use(express.json())
app.post('/luma-modify-callback', async (request, response) => {
  await queue.add('callback', request.body as object)
  response.json({ status: 'received' })
})
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
