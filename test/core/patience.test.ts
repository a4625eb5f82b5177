import { describe, expect, test } from 'vitest'
import { createPatience } from '../../packages/core/src/inbox/patience.ts'
import { fakeClock } from '../helpers/clock.ts'

const LEASE = 30_000
const INTERVAL = 5_000
/** A look that comes after this many milliseconds is as late as a look may be. */
const LATEST = INTERVAL + LEASE / 3

function start() {
  const clock = fakeClock()
  const patience = createPatience({ lease: LEASE, interval: INTERVAL, clock })
  return { clock, ...patience, look: (uptime = Infinity) => patience.mayRecover(uptime) }
}

describe('leases that have run out are taken', () => {
  test('at the first look, and at each that comes in time', async () => {
    const { clock, look } = start()
    expect(look()).toBe(true)
    await clock.advance(LATEST)
    expect(look()).toBe(true)
  })

  test.each<[string, (clock: ReturnType<typeof fakeClock>) => unknown]>([
    ['this process stood still', (clock) => clock.advance(LATEST + 1)],
    ['the machine slept, as its clock says', (clock) => clock.set(LATEST + 1)],
  ])('a lease after a look that came late, because %s', async (_why, pause) => {
    const { clock, look } = start()
    await pause(clock)
    expect(look()).toBe(false)
    for (let waited = INTERVAL; waited < LEASE; waited += INTERVAL) {
      await clock.advance(INTERVAL)
      expect(look(), `after ${waited} ms`).toBe(false)
    }
    await clock.advance(INTERVAL)
    expect(look()).toBe(true)
  })

  test('a lease after a look that failed', async () => {
    const { clock, look, failed } = start()
    failed()
    expect(look()).toBe(false)
    for (let waited = 0; waited < LEASE; waited += INTERVAL) await clock.advance(INTERVAL).then(() => look())
    expect(look()).toBe(true)
  })

  test('from a storage that has run for a lease', () => {
    const { look } = start()
    expect(look(LEASE - 1)).toBe(false)
    expect(look(LEASE)).toBe(true)
  })
})
