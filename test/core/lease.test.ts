import type { Timer } from '@luma-callback/core/inbox'
import { expect, test, vi } from 'vitest'
import { keepLease } from '../../packages/core/src/inbox/lease.ts'
import { fakeClock } from '../helpers/clock.ts'

const LEASE = 30_000

test('a lease that was lost is asked for no more, and told once', async () => {
  const clock = fakeClock()
  const renew = vi.fn<() => Promise<boolean>>(async () => false)
  const onLost = vi.fn<() => void>()
  keepLease({ lease: LEASE, renew, onLost, onError: () => {}, clock })
  await clock.advance(10 * LEASE)
  expect([renew.mock.calls.length, onLost.mock.calls.length, clock.pending]).toEqual([1, 1, 0])
})

test('a lease keeps no process alive', () => {
  const unref = vi.fn<() => void>()
  const clock = { ...fakeClock(), setTimeout: () => ({ unref }) as unknown as Timer }
  keepLease({ lease: LEASE, renew: async () => true, onLost: () => {}, onError: () => {}, clock }).stop()
  expect(unref).toHaveBeenCalledOnce()
})
