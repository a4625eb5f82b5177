// The API reference is what the docstrings say, and they say enough.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { anchorsOf } from '../reference/anchors.ts'
import { convert, type Reference } from '../reference/convert.ts'
import { REFERENCE } from '../reference/pages.ts'
import { referenceFiles } from '../reference/reference.ts'
import { undocumented } from '../reference/undocumented.ts'

const WRITTEN = globSync('packages/*/docs/{api.md,api/*.md}', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'))
const MOST_LINES = 400
/** Where files of this repository are on the web. */
const ONLINE = 'https://github.com/luma-callback/luma-callback/blob/main/'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
let reference: Reference

beforeAll(async () => {
  reference = await convert()
})

test('every export has a sentence, and every option its meaning, unit and default', () => {
  expect(undocumented(reference.project)).toEqual([])
})

test('the pages are what `npm run reference` writes', async () => {
  const files = await referenceFiles(reference)
  expect(WRITTEN.toSorted()).toEqual([...files.keys()].toSorted())
  for (const [file, text] of files) expect(read(file), `${file}: run npm run reference`).toBe(text)
})

// A comment in the table of contents of an entry begins another page.
test.each(WRITTEN)('%s can be read in one sitting', (file) => {
  expect(read(file).split('\n').length - 1).toBeLessThanOrEqual(MOST_LINES)
})

test.each(WRITTEN)('%s links to pages and names that are there: of its package, else online', (file) => {
  const folder = (path: string): string => path.split('/').slice(0, 2).join('/')
  for (const [link, path = '', anchor] of read(file).matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g)) {
    if (/^https?:/.test(path) && !path.startsWith(ONLINE)) continue
    const isOnline = path.startsWith(ONLINE)
    const here = path === '' ? file : posix.join(posix.dirname(file), path)
    const target = isOnline ? path.slice(ONLINE.length) : here
    expect(isOnline, link).toBe(folder(target) !== folder(file))
    expect(existsSync(join(ROOT, target)), link).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(read(target)), link).toContain(anchor)
  }
})

test.each([...new Set(REFERENCE.map((page) => page.package))])('%s packs its reference and links to it', (name) => {
  const { files } = JSON.parse(read(`packages/${name}/package.json`)) as { files: string[] }
  expect(files).toContain('docs')
  expect(read(`packages/${name}/README.md`)).toContain('](docs/api.md)')
})
