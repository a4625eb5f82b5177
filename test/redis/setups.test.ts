import { describe, expect, test } from 'vitest'
import { hasRedisServer, redisServerReason } from '../helpers/redis.ts'
import { COUNT, runSetup } from './setups/matrix.ts'
import { setups } from './setups/setups.ts'

describe.skipIf(!hasRedisServer)(`each callback is taken and its hook runs once${redisServerReason}, on`, () => {
  test.each(setups.map((setup) => [setup.name, setup] as const))('%s', async (_name, setup) => {
    const { refused, ...cell } = await runSetup(setup)
    expect(cell).toEqual({ setup: setup.name, received: 2 * COUNT, hooks: COUNT, twice: 0, lost: 0 })
    if (!setup.mayRefuse) expect(refused).toBe(0)
  })
})
