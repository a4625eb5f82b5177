// Which pages the API reference has: one for each group of names in the table of contents of an entry.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT: string = join(import.meta.dirname, '../..')

export interface Page {
  /** The folder of the package below `packages`. */
  package: string
  title: string
  /** From the folder of the package. */
  file: string
  /** What its names are imported from. */
  from: string
  /** The lines of the table of contents that export them, with absolute paths. */
  exports: string
  names: string[]
}

/** Each entry that versions promise something about; `/internal` is none. */
const ENTRIES: readonly [from: string, file: string][] = [
  ['@luma-callback/core', 'core/src/index.ts'],
  ['@luma-callback/core/inbox', 'core/src/entry/inbox.ts'],
  ['@luma-callback/core/adapter', 'core/src/entry/adapter.ts'],
  ['@luma-callback/express', 'express/src/index.ts'],
  ['@luma-callback/koa', 'koa/src/index.ts'],
  ['@luma-callback/sqlite', 'sqlite/src/index.ts'],
  ['@luma-callback/redis', 'redis/src/index.ts'],
  ['@luma-callback/postgres', 'postgres/src/index.ts'],
  ['@luma-callback/download', 'download/src/index.ts'],
  ['@luma-callback/client', 'client/src/index.ts'],
  ['@luma-callback/testing', 'testing/src/index.ts'],
]

/** The groups of a table of contents: a comment of one line, and the exports below it, up to an empty line. */
function groupsOf(source: string): { title: string | undefined; exports: string }[] {
  return source.split('\n\n').flatMap((part) => {
    const [, title, lines = ''] = /^(?:\/\/ (.*)\n)?([^]*)$/.exec(part) ?? []
    // All of core, which an adapter hands on, has pages of its own.
    const exports = lines.replaceAll(/^export \* from .*$/gm, '').trim()
    return exports === '' || exports.startsWith('//') ? [] : [{ title, exports }]
  })
}

function pagesOf(from: string, source: string): Page[] {
  const path = join(ROOT, 'packages', source)
  const [folder = ''] = source.split('/')
  const entry = from.split('/')[2]
  const groups = groupsOf(readFileSync(path, 'utf8'))
  return groups.map(({ title = from, exports }) => {
    const slug = title === from ? (entry ?? 'api') : slugOf(title)
    const isAlone = groups.length === 1 && entry === undefined
    return {
      package: folder,
      title,
      file: isAlone
        ? 'docs/api.md'
        : `docs/api/${entry === undefined || slug === entry ? slug : `${entry}-${slug}`}.md`,
      from,
      exports: exports.replaceAll(
        /from '(\..*)'/g,
        (_, to: string) => `from '${join(dirname(path), to).replaceAll('\\', '/')}'`,
      ),
      names: [...exports.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = '']) =>
        list
          .split(',')
          .map((name) => name.replace(/^\s*(?:type )?/, '').trim())
          .filter((name) => name !== ''),
      ),
    }
  })
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/^the /, '')
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

export const REFERENCE: readonly Page[] = ENTRIES.flatMap(([from, source]) => pagesOf(from, source))
