import { createHandler } from '@luma-callback/core'
import { redisInbox } from '@luma-callback/redis'
import { throughInbox } from './sample.mjs'

const { REDIS_URL, REDIS_PREFIX } = process.env
await throughInbox(createHandler, redisInbox(REDIS_URL, { prefix: REDIS_PREFIX }), `redis-${process.pid}`)
