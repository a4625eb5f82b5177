import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { CountsReporter } from './helpers/counts-reporter.ts'

const source = (name: string) => fileURLToPath(new URL(`../packages/${name}/src/index.ts`, import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    // The tests run the sources, so that coverage speaks of them; test/external runs what is published.
    alias: ['core', 'express', 'koa', 'sqlite', 'redis', 'postgres', 'download', 'client', 'testing'].map((name) => ({
      find: `@luma-callback/${name}`,
      replacement: source(name),
    })),
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/helpers/setup.ts'],
    testTimeout: 90_000,
    // What is waited for comes soon; how soon, a busy machine says.
    expect: { poll: { timeout: 15_000 } },
    // What is said on purpose looks like trouble; of a test that fails, all is shown.
    silent: 'passed-only',
    execArgv: ['--disable-warning=LUMA_REDIS_LOSES', '--disable-warning=LUMA_UNVERIFIED'],
    // More than a small machine has cores: most tests wait for servers, disks and clocks.
    maxWorkers: 3,
    reporters: ['default', new CountsReporter()],
    coverage: {
      include: ['packages/*/src/**'],
      reporter: ['text'],
      reportsDirectory: 'test/coverage',
    },
  },
})
