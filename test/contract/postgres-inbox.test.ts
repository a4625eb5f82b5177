import { postgresInbox } from '@luma-callback/postgres'
import { inboxContract } from '@luma-callback/testing'
import { describe, test } from 'vitest'
import { hasPostgres, postgresNamespace, postgresReason } from '../helpers/postgres.ts'

describe.skipIf(!hasPostgres)(`postgresInbox${postgresReason}`, () => {
  inboxContract({
    test,
    async setUp() {
      const { url, schema, tearDown } = await postgresNamespace()
      return { open: () => postgresInbox(url, { schema, pollInterval: 50 }), tearDown }
    },
  })
})
