/** What is worth mutating, and the test files that have to notice. */
export const AREAS: Readonly<Record<string, readonly string[]>> = {
  'packages/core/src/verify/signature.ts': [
    'test/core/signature-shape.test.ts',
    'test/core/verify.test.ts',
    'test/core/secrets.test.ts',
    'test/core/signature-first.test.ts',
  ],
  'packages/core/src/direct/dedupe.ts': [
    'test/core/dedupe.test.ts',
    'test/core/dedupe-model.test.ts',
    'test/contract/memory-dedupe.test.ts',
  ],
  'packages/core/src/inbox/lease.ts': [
    'test/core/lease.test.ts',
    'test/core/runner-ends.test.ts',
    'test/core/runner-failures.test.ts',
    'test/core/direct-store.test.ts',
  ],
  'packages/core/src/inbox/held-jobs.ts': ['test/core/held-jobs.test.ts', 'test/core/create-inbox.test.ts'],
  'packages/core/src/inbox/patience.ts': ['test/core/patience.test.ts', 'test/core/create-inbox.test.ts'],
  'packages/core/src/inbox/run-job.ts': [
    'test/core/runner.test.ts',
    'test/core/runner-ends.test.ts',
    'test/core/runner-failures.test.ts',
  ],
  'packages/download/src/guard/addresses.ts': ['test/download/urls.test.ts'],
}
