import { redisDedupe } from '@luma-callback/redis'
import { dedupeContract } from '@luma-callback/testing'
import { describe, test } from 'vitest'
import { hasRedis, redisNamespace, redisReason } from '../helpers/redis.ts'

describe.skipIf(!hasRedis)(`redisDedupe${redisReason}`, () => {
  dedupeContract({
    test,
    async setUp() {
      const { url, prefix, tearDown } = await redisNamespace()
      const store = redisDedupe(url, { prefix })
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
