// The contract of inboxes: what every inbox promises, tried on this one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inboxContract } from '@luma-callback/testing'
import { test } from 'vitest'
import { tableInbox } from './table-inbox.js'

inboxContract({
  test,
  setUp() {
    const folder = mkdtempSync(join(tmpdir(), 'own-inbox-'))
    return {
      open: () => tableInbox(join(folder, 'callbacks.db'), { pollInterval: 20 }),
      tearDown: () => rmSync(folder, { recursive: true }),
    }
  },
})
