import type { HookContext, LumaCallback } from '@luma-callback/core'
import { expect, test } from 'vitest'
import { createDeliver } from '../../packages/core/src/hooks/deliver.ts'
import { fakeClock } from '../helpers/clock.ts'
import { callbackOf } from '../helpers/inboxes.ts'
import { watch } from '../helpers/receiver.ts'

/** Hooks that end when they are told to, whatever their signal says. */
function heedless() {
  const clock = fakeClock()
  const runs: { callback: LumaCallback; context: HookContext; end: () => void }[] = []
  const deliver = createDeliver({
    onSuccess: (callback, context) => new Promise<void>((end) => runs.push({ callback, context, end })),
    onFailure: undefined,
    trust: undefined,
    hookTimeout: 1_000,
    emit: () => {},
    clock,
  })
  const run = (taskId: string, attempt: number, signal = new AbortController().signal) =>
    watch(deliver(callbackOf(taskId), { attempt, signal }).catch((error: unknown) => error))
  return { clock, runs, run }
}

test('a hook that heeds no signal is not run again beside itself, but after its end', async () => {
  const { clock, runs, run } = heedless()
  const first = run('a', 1)
  await clock.advance(1_000)
  expect(first.result).toMatchObject({ code: 'ERR_LUMA_HOOK_TIMEOUT' })
  const second = run('a', 2)
  await clock.advance(500)
  expect(runs).toHaveLength(1)
  runs[0]?.end()
  await clock.advance(0)
  expect(runs.map(({ context }) => context.attempt)).toEqual([1, 2])
  runs[1]?.end()
  await clock.advance(0)
  expect(second.result).toBeUndefined()
  expect(clock.pending).toBe(0)
})

test('one that never ends is given up after as long again, and the next run begins', async () => {
  const { clock, runs, run } = heedless()
  run('a', 1)
  await clock.advance(1_000)
  const second = run('a', 2)
  await clock.advance(999)
  expect(runs).toHaveLength(1)
  await clock.advance(1)
  expect(runs).toHaveLength(2)
  // It has its whole time.
  await clock.advance(999)
  runs[1]?.end()
  await clock.advance(0)
  expect(second.result).toBeUndefined()
  expect(clock.pending).toBe(0)
})

test('what waits for it can be cut off', async () => {
  const { clock, runs, run } = heedless()
  run('a', 1)
  await clock.advance(1_000)
  const closing = new AbortController()
  const second = run('a', 2, closing.signal)
  closing.abort(new Error('closing'))
  await clock.advance(0)
  expect(second.result).toMatchObject({ message: 'closing' })
  runs[0]?.end()
  await clock.advance(0)
  expect(runs).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

test('a hook that gives something that does its work at each then does it once', async () => {
  let works = 0
  const lazy = {
    // oxlint-disable-next-line unicorn/no-thenable
    then(resolve: () => void) {
      works++
      resolve()
    },
  }
  const options = { onFailure: undefined, trust: undefined, hookTimeout: 1_000, emit: () => {}, clock: fakeClock() }
  const deliver = createDeliver({ ...options, onSuccess: () => lazy })
  await deliver(callbackOf('a'), { attempt: 1, signal: new AbortController().signal })
  expect(works).toBe(1)
})

test('it holds up no other callback', async () => {
  const { clock, runs, run } = heedless()
  run('a', 1)
  await clock.advance(1_000)
  const other = run('b', 1)
  await clock.advance(0)
  runs[1]?.end()
  await clock.advance(0)
  expect(other.result).toBeUndefined()
})
