import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { CountsReporter } from '../helpers/counts-reporter.ts'
import { AT_ONCE, LIMIT } from './limits.ts'

// A suite of its own: it needs the agents, which only its command installs.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/agents/*.suite.ts'],
    testTimeout: LIMIT,
    maxConcurrency: AT_ONCE,
    reporters: ['default', new CountsReporter()],
  },
})
