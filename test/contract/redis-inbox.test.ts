import { redisInbox } from '@luma-callback/redis'
import { inboxContract } from '@luma-callback/testing'
import { describe, test } from 'vitest'
import { hasRedis, redisNamespace, redisReason } from '../helpers/redis.ts'

describe.skipIf(!hasRedis)(`redisInbox${redisReason}`, () => {
  inboxContract({
    test,
    async setUp() {
      const { url, prefix, tearDown } = await redisNamespace()
      return { open: () => redisInbox(url, { prefix, pollInterval: 50 }), tearDown }
    },
  })
})
