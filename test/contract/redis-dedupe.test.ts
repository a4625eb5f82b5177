import { redisDedupe } from '@luma-callback/redis'
import { dedupeContract } from '@luma-callback/testing'
import { describe, test } from 'vitest'
import { PATIENCE } from '../helpers/patience.ts'
import { hasRedis, redisNamespace, redisReason } from '../helpers/redis.ts'

describe.skipIf(!hasRedis)(`redisDedupe${redisReason}`, () => {
  dedupeContract({
    test,
    async setUp() {
      const { url, prefix, tearDown } = await redisNamespace()
      const store = redisDedupe(url, { prefix, timeout: PATIENCE.timeout })
      return {
        store,
        async tearDown() {
          await store.close()
          await tearDown()
        },
      }
    },
  })
})
