import { postgresInbox } from '@luma-callback/postgres'
import { inboxContract } from '@luma-callback/testing'
import { describe, test } from 'vitest'
import { PATIENCE } from '../helpers/patience.ts'
import { hasPostgres, postgresNamespace, postgresReason } from '../helpers/postgres.ts'

describe.skipIf(!hasPostgres)(`postgresInbox${postgresReason}`, () => {
  inboxContract({
    test,
    async setUp() {
      const { url, schema, tearDown } = await postgresNamespace()
      const options = { schema, pollInterval: 50, timeout: PATIENCE.timeout }
      return { open: () => postgresInbox(url, options), tearDown }
    },
  })
})
