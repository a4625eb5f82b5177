import { callable, checkOptions, integer, list, optional, type Filled, type Rules } from '@luma-callback/core/internal'
import { closed } from './inbox-closing.ts'
import { inContext } from './inbox-context.ts'
import { delivered, exclusive } from './inbox-delivery.ts'
import { inspected } from './inbox-inspect.ts'
import { once } from './inbox-once.ts'
import { retried } from './inbox-retries.ts'
import { started } from './inbox-starting.ts'
import { PATIENCE, runInboxTest, type InboxTestOptions, type Tests } from './inbox-test.ts'

/**
 * What an inbox promises: `started`, it starts once, for one receiver; `once`, one of many equal records is told `recorded`; `delivered`, what was recorded gets its
 * hook; `exclusive`, never twice at once nor after it was done; `retried`, with backoff, then dead; `closed`, closing
 * loses nothing; `inspected`, it can be looked into; `context`, no hook runs in the async context of another request.
 */
export type Guarantee = 'started' | 'once' | 'delivered' | 'exclusive' | 'retried' | 'closed' | 'inspected' | 'context'

const GUARANTEES: Readonly<Record<Guarantee, Tests>> = {
  started,
  once,
  delivered,
  exclusive,
  retried,
  closed,
  inspected,
  context: inContext,
}

/** The options of `inboxContract`. */
export interface InboxContractOptions extends InboxTestOptions {
  /** The `test` of your test framework, or any function that is called like it. */
  test: (name: string, body: () => Promise<void>) => unknown
  /** What the inbox promises. Default: everything. */
  guarantees?: readonly Guarantee[] | undefined
}

const ALL = Object.keys(GUARANTEES) as Guarantee[]

const RULES: Rules<Filled<InboxContractOptions>> = {
  test: callable(),
  guarantees: optional(
    list((entry) => ALL.includes(entry as Guarantee), ALL.join(', ')),
    ALL,
  ),
  setUp: callable(),
  patience: integer({ fallback: PATIENCE, unit: 'milliseconds' }),
}

/**
 * Declares the tests that hold an inbox to its contract. They run on a real clock, take some seconds, and may run in
 * parallel. That a crash loses nothing needs a process to be killed, and so a test of its own.
 *
 * @example
 * ```ts
 * import { mkdtempSync, rmSync } from 'node:fs'
 * import { test } from 'node:test'
 * import { sqliteInbox } from '@luma-callback/sqlite'
 * import { inboxContract } from '@luma-callback/testing'
 *
 * inboxContract({
 *   test,
 *   setUp() {
 *     const folder = mkdtempSync('inbox-')
 *     return { open: () => sqliteInbox(`${folder}/luma.db`), tearDown: () => rmSync(folder, { recursive: true }) }
 *   },
 * })
 * ```
 * @throws TypeError that names the option that is wrong or unknown.
 */
export function inboxContract(options: InboxContractOptions): void {
  const { test, guarantees, ...inboxTest } = checkOptions('inboxContract', options, RULES)
  for (const guarantee of guarantees) {
    for (const [name, body] of Object.entries(GUARANTEES[guarantee])) {
      test(`${guarantee}: ${name}`, () => runInboxTest(inboxTest, body))
    }
  }
}
