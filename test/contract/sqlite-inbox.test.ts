import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteInbox } from '@luma-callback/sqlite'
import { inboxContract } from '@luma-callback/testing'
import { test } from 'vitest'
import { PATIENCE } from '../helpers/patience.ts'

inboxContract({
  test,
  setUp() {
    const folder = mkdtempSync(join(tmpdir(), 'luma-contract-'))
    return {
      open: () => sqliteInbox(join(folder, 'luma.db'), { pollInterval: 20, busyTimeout: PATIENCE.timeout }),
      tearDown: () => rmSync(folder, { recursive: true }),
    }
  },
})
