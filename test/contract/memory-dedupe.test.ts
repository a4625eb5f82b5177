import { memoryDedupe } from '@luma-callback/core'
import { dedupeContract } from '@luma-callback/testing'
import { test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'

dedupeContract({
  test,
  setUp() {
    const clock = fakeClock()
    return { store: memoryDedupe({}, clock), advance: (milliseconds) => clock.advance(milliseconds) }
  },
})
