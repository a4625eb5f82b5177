import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { canPreload, preloadReason } from '../helpers/preload.ts'
import { crash, ENOUGH, type CrashResult, type Power } from './run.ts'

// The full number is for `npm run crash -- --power`.
const CUTS = 8

function cut(power: Power): Promise<CrashResult> {
  const seed = Number(process.env['LUMA_CRASH_SEED'] ?? randomInt(1e6))
  console.log(`power test: ${CUTS} cuts, seed ${seed}; LUMA_CRASH_SEED=${seed} repeats it`)
  return crash(CUTS, seed, power)
}

describe.skipIf(!canPreload)(`however often the power fails${preloadReason}`, () => {
  test('what was answered 200 gets its hook, once', async () => {
    const { broken, acknowledged } = await cut('cut')
    expect(broken).toEqual([])
    expect(acknowledged).toBeGreaterThanOrEqual(ENOUGH)
  })

  // As with `synchronous = NORMAL`, which syncs the -wal later than it answers.
  test('a callback that was answered before its sync is found to be lost', async () => {
    const { broken } = await cut({ lies: '*-wal' })
    expect(broken).toContainEqual(expect.stringContaining('was answered 200 and its hook was never completed'))
  })
})
