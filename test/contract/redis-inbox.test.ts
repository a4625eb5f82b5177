import { redisInbox } from '@luma-callback/redis'
import { inboxContract } from '@luma-callback/testing'
import { describe, test } from 'vitest'
import { PATIENCE } from '../helpers/patience.ts'
import { hasRedis, redisNamespace, redisReason } from '../helpers/redis.ts'

describe.skipIf(!hasRedis)(`redisInbox${redisReason}`, () => {
  inboxContract({
    test,
    async setUp() {
      const { url, prefix, tearDown } = await redisNamespace()
      const options = { prefix, pollInterval: 50, timeout: PATIENCE.timeout }
      return { open: () => redisInbox(url, options), tearDown }
    },
  })
})
