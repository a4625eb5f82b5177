import { memoryDedupeOn } from '@luma-callback/core/internal'
import { dedupeContract } from '@luma-callback/testing'
import { test } from 'vitest'
import { fakeClock } from '../helpers/clock.ts'

dedupeContract({
  test,
  setUp() {
    const clock = fakeClock()
    return { store: memoryDedupeOn(clock), advance: (milliseconds) => clock.advance(milliseconds) }
  },
})
