import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { CountsReporter } from './helpers/counts-reporter.ts'
import { PATIENCE } from './helpers/patience.ts'
import { OWN_CONFIG, SUITES } from './suites.ts'

const packages = fileURLToPath(new URL('../packages', import.meta.url))

// Tests start many processes and threads, which load the same modules: compiled once, they take less than half the time. A
// program that was compiled before tells less of what it covers.
if (!process.argv.includes('--coverage')) {
  process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))
}

/** What `npm test` leaves to other commands. */
const elsewhere = [
  '**/node_modules/**',
  ...Object.values(OWN_CONFIG).map((folder) => `${folder}/**`),
  ...Object.values(SUITES).flat(),
]

function suite(
  name: string,
  include: readonly string[],
  exclude: readonly string[] = [],
): TestProjectInlineConfiguration {
  return { extends: true, test: { name, include: [...include], exclude: [...exclude] } }
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    // The tests run the sources, so that coverage speaks of them; test/external runs what is published.
    alias: [
      { find: /^@luma-callback\/core\/(\w+)$/, replacement: `${packages}/core/src/entry/$1.ts` },
      { find: /^@luma-callback\/(\w+)$/, replacement: `${packages}/$1/src/index.ts` },
    ],
  },
  test: {
    projects: [
      suite('quick', ['test/**/*.test.ts', 'examples/*/*.test.js'], elsewhere),
      ...Object.entries(SUITES).map(([name, include]) => suite(name, include)),
    ],
    setupFiles: ['test/helpers/setup.ts'],
    // No test fails because a machine is slow. What a test waits for has a limit of its own, and says what did not come;
    // these are there so that a test that hangs ends.
    expect: { poll: PATIENCE },
    testTimeout: 600_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    // What is said on purpose looks like trouble; of a test that fails, all is shown.
    silent: 'passed-only',
    execArgv: [
      '--disable-warning=LUMA_REDIS_LOSES',
      '--disable-warning=LUMA_UNVERIFIED',
      '--disable-warning=LUMA_PASSED_ON',
    ],
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
