// The quick look for the task id, made to find another than the parser.
import { beforeEach, expect, test, vi } from 'vitest'
import { findTaskId } from '../../packages/core/src/callback/find-task-id.ts'
import { startReceiver, verdictOf } from '../helpers/receiver.ts'
import { successOf } from '../helpers/signed.ts'

vi.mock('../../packages/core/src/callback/find-task-id.ts', () => ({ findTaskId: vi.fn() }))

const looked = vi.mocked(findTaskId)

beforeEach(() => void looked.mockReset())

test('a body is refused if only the quick look finds the id that was signed', async () => {
  const onSuccess = vi.fn()
  looked.mockReturnValue('signed')
  const { body } = successOf('parsed')
  const { send, events } = startReceiver({ onSuccess })
  expect(await verdictOf(send({ taskId: 'signed', body }))).toBe('401 unverified')
  expect(onSuccess).not.toHaveBeenCalled()
  expect(events).toMatchObject([{ type: 'rejected', detail: expect.stringContaining('another task id') }])
})

test('a body in which the quick look finds none is verified by the id that the parser finds', async () => {
  looked.mockReturnValue(undefined)
  const { body } = successOf('parsed')
  const { send } = startReceiver()
  expect(await verdictOf(send({ taskId: 'other', body }))).toBe('401 unverified')
  expect(await verdictOf(send({ taskId: 'parsed', body }))).toBe('200 received')
})
