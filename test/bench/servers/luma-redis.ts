import { lumaCallback } from '@luma-callback/express'
import { redisInbox } from '@luma-callback/redis'
import express from 'express'
import { emptyRedis, ENGINES } from '../engines.ts'

/** The receiver with the inbox on Redis, under keys of its own, which are gone when the next one starts. */
const prefix = '{luma-bench}'
await emptyRedis(prefix)

const app = express()
const luma = lumaCallback(() => {}, { secret: 'bench-secret', inbox: redisInbox(ENGINES.redis, { prefix }) })
app.use(luma)
await luma.start()
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
