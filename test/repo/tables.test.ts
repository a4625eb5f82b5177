// The tables of the pages have a row for each thing that the code knows, and for no other.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditChecks } from '@luma-callback/testing'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { readPage, sectionOf } from './pages.ts'

function source(path: string): string {
  return readFileSync(join(ROOT, 'packages', path), 'utf8')
}

/** The names in the first column of the tables in a text. */
function rowsIn(text: string): string[] {
  return [...text.matchAll(/^\| `(\w+)` *\|/gm)].map(([, name = '']) => name)
}

/** The options that an interface declares. */
function optionsIn(path: string, name: string): string[] {
  const [, declared = ''] = new RegExp(`export interface ${name}[^{]*\\{([^]*?)\\n\\}`).exec(source(path)) ?? []
  return [...declared.matchAll(/^ {2}(\w+)\??:/gm)].map(([, option = '']) => option)
}

test.each([
  ['lumaCallback', 'core/docs/options.md', 'Options', optionsIn('core/src/options/options.ts', 'LumaOptions')],
  ['saveResults', 'download/README.md', 'Options', optionsIn('download/src/save/options.ts', 'SaveOptions')],
  ['sqliteInbox', 'sqlite/README.md', 'Options', optionsIn('sqlite/src/options.ts', 'SqliteInboxOptions')],
  ['redisInbox', 'redis/README.md', 'Options', redisOptions()],
  ['postgresInbox', 'postgres/README.md', 'Options', postgresOptions()],
  ['createClient', 'client/README.md', 'Client', optionsIn('client/src/options.ts', 'ClientOptions')],
  ['reconcile', 'client/README.md', 'Reconcile', optionsIn('client/src/reconcile-options.ts', 'ReconcileOptions')],
])('the table of %s has a row for every option, and for no other', (_name, page, section, options) => {
  expect(options.length).toBeGreaterThan(2)
  expect(rowsIn(sectionOf(`packages/${page}`, section))).toEqual(options)
})

function redisOptions(): string[] {
  const path = 'redis/src/options.ts'
  return [...optionsIn(path, 'RedisDedupeOptions'), ...optionsIn(path, 'RedisInboxOptions')]
}

function postgresOptions(): string[] {
  const path = 'postgres/src/options.ts'
  return [...optionsIn(path, 'PostgresDedupeOptions'), ...optionsIn(path, 'PostgresInboxOptions')]
}

test('the runbook explains every answer that is not 200, and the page of answers lists it', () => {
  const [, table = ''] = /const STATUS = \{([\s\S]*?)\n\}/.exec(source('core/src/errors/refusal.ts')) ?? []
  const reasons = [...table.matchAll(/^ {2}(\w+): (\d{3})/gm)]
  expect(reasons.length).toBeGreaterThan(10)
  const explained = sectionOf('packages/cli/docs/runbook.md', 'The provider gets an answer other than 200')
  const answers = sectionOf('packages/core/docs/answers.md', 'Answers')
  for (const [, reason = '', status = ''] of reasons) {
    expect(explained).toContain(`**\`${status} ${reason}\`**`)
    expect(answers).toContain(`\`${reason}\``)
  }
})

test('every event has a row', () => {
  const types = [...source('core/src/events/events.ts').matchAll(/\| \{\s+type: '(\w+)'/g)].map(([, type]) => type)
  expect(types.length).toBeGreaterThan(8)
  const section = sectionOf('packages/core/docs/events.md', 'Types')
  for (const type of types) expect(section).toContain(`\`${type}\``)
})

test('every check of the audit has a row, in the order in which they run', () => {
  const rows = sectionOf('packages/testing/docs/audit.md', 'All checks')
    .replaceAll(/ +\|/g, ' |')
    .replaceAll('\\_', '_')
  const wanted = auditChecks.map(
    ({ id, level, expects }) => `| \`${id}\` | ${level} | ${expects.replaceAll('|', '\\|')} |`,
  )
  expect(rows.match(/^\| `[^`]*` \| \w+ \| .*? (?<!\\)\|/gm)).toEqual(wanted)
  for (const page of [
    'README.md',
    'packages/cli/README.md',
    'packages/cli/docs/runbook.md',
    'packages/testing/docs/audit.md',
  ])
    expect(readPage(page)).toContain(`${auditChecks.length} checks`)
})
