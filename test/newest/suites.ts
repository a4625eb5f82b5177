/** Test files of each engine, by what their paths begin with: the contracts, and what is promised of the engine. */
export const SUITES_OF: Readonly<Record<string, readonly string[]>> = {
  redis: ['test/contract/redis-', 'test/redis/'],
  postgres: ['test/contract/postgres-', 'test/postgres/'],
  'both engines': ['test/engines/'],
}
