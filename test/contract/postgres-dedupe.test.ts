import { postgresDedupe } from '@luma-callback/postgres'
import { dedupeContract } from '@luma-callback/testing'
import { describe, test } from 'vitest'
import { PATIENCE } from '../helpers/patience.ts'
import { hasPostgres, postgresNamespace, postgresReason } from '../helpers/postgres.ts'

describe.skipIf(!hasPostgres)(`postgresDedupe${postgresReason}`, () => {
  dedupeContract({
    test,
    async setUp() {
      const { url, schema, tearDown } = await postgresNamespace()
      const store = postgresDedupe(url, { schema, timeout: PATIENCE.timeout })
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
