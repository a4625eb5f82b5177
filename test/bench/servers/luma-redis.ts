import { lumaCallback } from '@luma-callback/express'
import { redisInbox } from '@luma-callback/redis'
import express from 'express'
import { Redis } from 'ioredis'

/** The receiver with the inbox on Redis, under keys of its own, which are gone when the next one starts. */
const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const prefix = '{luma-bench}'
const redis = new Redis(url)
for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 10_000 }) as AsyncIterable<string[]>) {
  if (keys.length > 0) await redis.unlink(keys)
}
redis.disconnect()

const app = express()
const luma = lumaCallback(() => {}, { secret: 'bench-secret', inbox: redisInbox(url, { prefix }) })
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
