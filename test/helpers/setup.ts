import { afterEach, expect } from 'vitest'

/** What a hook or a store does wrong must never reach the process: one unhandled rejection fails the test it came in. */
const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

afterEach(() => {
  expect(unhandled.splice(0)).toEqual([])
})
