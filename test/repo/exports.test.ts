// What can be imported from each entry of each library. A change of the snapshot is a change of what users can rely on.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'

/** Each entry, with its table of contents. */
const ENTRIES: Readonly<Record<string, string>> = {
  '@luma-callback/core': 'core/src/index.ts',
  '@luma-callback/core/inbox': 'core/src/entry/inbox.ts',
  '@luma-callback/core/adapter': 'core/src/entry/adapter.ts',
  '@luma-callback/express': 'express/src/index.ts',
  '@luma-callback/koa': 'koa/src/index.ts',
  '@luma-callback/sqlite': 'sqlite/src/index.ts',
  '@luma-callback/redis': 'redis/src/index.ts',
  '@luma-callback/postgres': 'postgres/src/index.ts',
  '@luma-callback/download': 'download/src/index.ts',
  '@luma-callback/client': 'client/src/index.ts',
  '@luma-callback/testing': 'testing/src/index.ts',
}
/** No version promises what is in it, so its list is free to change. */
const INTERNAL = 'core/src/entry/internal.ts'
const ADAPTERS = ['@luma-callback/express', '@luma-callback/koa']

function read(file: string): string {
  return readFileSync(join(ROOT, 'packages', file), 'utf8')
}

/** Every name that a table of contents lists, types as `type Name`. */
function namesIn(file: string): string[] {
  const lists = [...read(file).matchAll(/export (type )?\{([^}]*)\}/g)]
  const names = lists.flatMap(([, type = '', list = '']) => list.split(',').map((item) => type + item.trim()))
  return names.filter((name) => name !== '' && name !== 'type ').toSorted()
}

function valuesIn(file: string): string[] {
  return namesIn(file).filter((name) => !name.startsWith('type '))
}

test.each(Object.entries(ENTRIES))('%s exports these names', (_entry, file) => {
  expect(namesIn(file)).toMatchSnapshot()
})

test.each(Object.entries({ ...ENTRIES, '@luma-callback/core/internal': INTERNAL }))(
  '%s exports the values that its table of contents lists',
  async (entry, file) => {
    const ofCore = ADAPTERS.includes(entry) ? valuesIn('core/src/index.ts') : []
    const found = Object.keys((await import(entry)) as object)
    expect(found.toSorted()).toEqual([...valuesIn(file), ...ofCore].toSorted())
  },
)

test.each(ADAPTERS)('%s hands on all that core exports to users, by one line', (entry) => {
  expect(read(ENTRIES[entry] ?? '')).toContain("export * from '@luma-callback/core'\n")
})

test('no name is exported by two entries of core', () => {
  const names = Object.values({ ...ENTRIES, internal: INTERNAL })
    .filter((file) => file.startsWith('core/'))
    .flatMap(namesIn)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})
