import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { findBroken } from './log.ts'
import { crash, ENOUGH } from './run.ts'

// The full number is for `npm run crash`.
const KILLS = 8

test('what was answered 200 gets its hook, once, however often the process is killed', async () => {
  const seed = Number(process.env['LUMA_CRASH_SEED'] ?? randomInt(1e6))
  console.log(`crash test: ${KILLS} kills, seed ${seed}; LUMA_CRASH_SEED=${seed} repeats it`)
  const { broken, acknowledged } = await crash(KILLS, seed)
  expect(broken).toEqual([])
  expect(acknowledged).toBeGreaterThanOrEqual(ENOUGH)
})

test('what would break the promise is noticed', () => {
  const line = (what: 'begun' | 'done' | 'noted' | 'dead', pid: number) => ({ what, pid, key: 'a' })
  const whole = [line('begun', 1), line('done', 1), line('noted', 1)]
  expect(findBroken(['a'], whole)).toEqual([])
  expect(findBroken(['a'], [line('begun', 1), line('done', 1), ...whole.map((one) => ({ ...one, pid: 2 }))])).toEqual(
    [],
  )
  expect(findBroken(['a'], [])).toHaveLength(1)
  expect(findBroken(['a'], [line('begun', 1)])).toHaveLength(1)
  expect(findBroken([], [...whole, line('begun', 2)])).toHaveLength(1)
  expect(findBroken([], [line('begun', 1), line('begun', 1)])).toHaveLength(1)
  expect(findBroken([], [line('dead', 1)])).toHaveLength(1)
})
