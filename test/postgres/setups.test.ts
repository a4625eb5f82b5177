import { describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgresServer, postgresServerReason, startPostgres } from '../helpers/postgres.ts'
import { runSetup } from './run-setup.ts'
import { setups } from './setups.ts'

describe.skipIf(!hasPostgresServer)(`nothing is lost, and no hook runs twice, with${postgresServerReason}`, () => {
  for (const setup of setups) {
    const reason = setup.missing ? ` (left out: it needs ${setup.missing})` : ''
    test.skipIf(setup.missing !== undefined)(`${setup.name}${reason}`, async () => {
      const outcome = await runSetup(setup, await startPostgres(), onTestFinished)
      expect(outcome).toMatchObject({ hooks: outcome.accepted, twice: 0, lost: 0 })
      expect(outcome.accepted).toBeGreaterThanOrEqual(60)
      if (setup.refuses) expect(outcome.refused).toBeGreaterThan(0)
    })
  }
})
