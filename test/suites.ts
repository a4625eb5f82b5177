/**
 * Tests that take long, or start much: each list has a command of its own, `npm run test:<name>`, which `.ci/run` calls
 * too. Every other test file under `test/`, and those of the examples, are part of `npm test`.
 */
export const SUITES: Readonly<Record<string, readonly string[]>> = {
  // Processes are killed, engines go away, networks lie.
  faults: [
    'test/crash/*.test.ts',
    // Inboxes that are wrong on purpose, so that the contract suite is seen to find it.
    'test/contract/{context-faults,faults,sqlite-crash}.test.ts',
    'test/download/network.test.ts',
    'test/{postgres,redis}/{faults,processes}.test.ts',
    'test/redis/{cluster,outages,rights,scripts,setups}.test.ts',
    'test/postgres/setups.test.ts',
    'test/sqlite/{faults,owners,processes,taken-away}.test.ts',
  ],
  // Whole programs: the command line, the demo, the examples, and whole audits of receivers, ours and others.
  programs: [
    'test/audit/{audit,ours,peers}.test.ts',
    'test/cli/*.test.ts',
    'test/demo/*.test.ts',
    'test/examples/*.test.ts',
    // Compiles every library once more.
    'test/repo/reference.test.ts',
  ],
}

/** Suites with a configuration of their own, `vitest.config.ts` in the folder: they install other programs first. */
export const OWN_CONFIG: Readonly<Record<string, string>> = {
  // What is published: packed, installed by each package manager, used in each test tool.
  packages: 'test/external',
  // The receiver under the agents that wrap handlers.
  agents: 'test/agents',
}
