import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TaskDetails } from '../../packages/client/src/details.ts'
import { createHandIns } from '../../packages/client/src/hand-in.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const details: TaskDetails = {
  taskId: 'task-1',
  state: 'success',
  successFlag: 1,
  resultUrls: ['https://true.example/x.mp4'],
  promptJson: undefined,
  createdAt: undefined,
  completedAt: undefined,
  errorCode: undefined,
  errorMessage: undefined,
}

test('a task whose hook is not done is handed in again after pauses that double, until maxAge', async () => {
  const receiver = { receive: async () => 'duplicate' as const, has: async () => false }
  const handIns = createHandIns({ receiver, interval: 1_000, maxAge: 5_000, emit: () => {} })
  expect(handIns.stateOf('task-1')).toBe('new')
  for (const pause of [1_000, 2_000, 4_000]) {
    expect(await handIns.handIn(details)).toBe(false)
    vi.setSystemTime(Date.now() + pause - 1)
    expect(handIns.stateOf('task-1')).toBe('waiting')
    vi.setSystemTime(Date.now() + 1)
    expect(handIns.stateOf('task-1')).toBe('due')
  }
  expect(await handIns.handIn(details)).toBe(true)
})
