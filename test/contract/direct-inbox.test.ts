import { memoryDedupe } from '@luma-callback/core'
import { inboxContract } from '@luma-callback/testing'
import { test } from 'vitest'
import { systemClock } from '../../packages/core/src/internal/clock.ts'
import { directInbox } from '../../packages/core/src/direct/inbox.ts'

// It keeps nothing, so it promises neither to deliver after it closed, nor retries, nor to be looked into: before the
// answer the provider is the retry.
inboxContract({
  test,
  guarantees: ['started', 'once', 'exclusive', 'closed', 'context'],
  setUp() {
    const dedupe = memoryDedupe()
    return { open: () => directInbox({ dedupe, ackTimeout: 10_000, clock: systemClock }) }
  },
})
