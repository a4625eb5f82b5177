import { describe, expect, test } from 'vitest'
import { pairs, runCell } from './matrix.ts'

const cells = pairs.map(({ agent, framework }) => ({ name: `${agent.name}, ${framework}`, agent, framework }))

describe.concurrent('a callback is answered in each form of mounting, and the audit passes, under', () => {
  test.for(cells)('$name', async ({ agent, framework }) => {
    const { wrong, failedChecks, outcomes } = await runCell(agent, framework)
    expect(wrong).toEqual([])
    expect(outcomes.length).toBeGreaterThan(80)
    expect(failedChecks).toEqual([])
  })
})
