import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { CountsReporter } from '../helpers/counts-reporter.ts'

// What is published, in other programs' hands: it is packed once, installed and used. It takes minutes and needs the
// registry of npm, or a cache of it, so it is a command of its own: `npm run test:packages`.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/external/*.test.ts'],
    globalSetup: ['test/external/pack-once.ts'],
    // An install of hundreds of packages takes as long as the network and the disk take.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    silent: 'passed-only',
    // One file after the other, two installs at once in it.
    fileParallelism: false,
    maxConcurrency: 2,
    reporters: ['default', new CountsReporter()],
  },
})
