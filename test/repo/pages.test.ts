// The pages cannot lie: their links lead somewhere, their commands are known, and their words are plain.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { run } from '../helpers/cli.ts'
import { anchorsOf, FOR_CONTRIBUTORS, PAGES, proseOf, readPage, sectionOf } from './pages.ts'
import { NOT_PLAIN } from './plain-words.ts'

const FIRST_PAGE = 200
const MOST_LINES = 400
/** Where files of this repository are on the web. */
const ONLINE = 'https://github.com/luma-callback/luma-callback/blob/main/'

/** The package of a page, as a folder; undefined for pages that no package carries. */
function packageOf(page: string): string | undefined {
  return /^packages\/[^/]+(?=\/)/.exec(page)?.[0]
}

/** The links of a page: each as it is written, the file that it leads to, from the root, and the heading. */
function linksOf(page: string): { link: string; target: string; anchor: string | undefined; isOnline: boolean }[] {
  const text = readPage(page).replaceAll(/^```[^]*?^```$/gm, '')
  return [...text.matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)].flatMap(([link, path = '', anchor]) => {
    const isOnline = path.startsWith(ONLINE)
    if (/^https?:/.test(path) && !isOnline) return []
    const here = path === '' ? page : normalize(join(dirname(page), path))
    return [{ link, target: isOnline ? path.slice(ONLINE.length) : here, anchor, isOnline }]
  })
}

describe.each(PAGES)('%s', (page) => {
  test('can be read in one sitting', () => {
    expect(readPage(page).split('\n').length - 1).toBeLessThanOrEqual(page === 'README.md' ? FIRST_PAGE : MOST_LINES)
  })

  test('links to files and headings that are there', () => {
    for (const { link, target, anchor } of linksOf(page)) {
      expect(existsSync(join(ROOT, target)), link).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor)
    }
  })

  test('links work where the page is read: in its package, else online', () => {
    const folder = packageOf(page)
    for (const { link, target, isOnline } of linksOf(page)) {
      if (folder !== undefined) expect(isOnline, link).toBe(packageOf(target) !== folder)
      else expect(isOnline, link).toBe(false)
    }
  })

  test('names only tests that there are', () => {
    for (const [, file = ''] of readPage(page).matchAll(/`(test\/[\w/.-]+)`/g)) {
      expect(existsSync(join(ROOT, file)), file).toBe(true)
    }
  })

  test('is written in plain words', () => {
    const found = proseOf(page)
      .split('\n')
      // The rows of the audit are what it prints.
      .filter((line) => !/^\| +\| (?:MUST|SHOULD) +\|/.test(line))
      .flatMap((line) =>
        NOT_PLAIN.flatMap(([pattern, inPlace]) => (pattern.test(line) ? [`${inPlace} <- ${line}`] : [])),
      )
    expect(found).toEqual([])
  })

  test('is in the package that it is about', () => {
    const folder = packageOf(page)
    if (!page.includes('/docs/') || folder === undefined) return
    const { files } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { files: string[] }
    expect(files).toContain('docs')
  })
})

test('the tables and the promises name tests', () => {
  const named = PAGES.flatMap((page) => readPage(page).match(/`test\/[\w/.-]+`/g) ?? [])
  expect(new Set(named).size).toBeGreaterThan(60)
})

test('every npm script that a page names is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
  const named = PAGES.flatMap((page) => [...readPage(page).matchAll(/npm run ([\w:]+)/g)])
  expect(named.length).toBeGreaterThan(5)
  for (const [, name = ''] of named) expect(Object.keys(scripts)).toContain(name)
})

test('every file that a page for contributors names is there', () => {
  const text = FOR_CONTRIBUTORS.map(readPage)
  const named = text.flatMap((page) => [...page.matchAll(/(?:`|sudo | )((?:packages|examples|test|\.ci)\/[\w./-]+)/g)])
  expect(named.length).toBeGreaterThan(20)
  for (const [, path = ''] of named) expect(existsSync(join(ROOT, path.replace(/[.]$/, ''))), path).toBe(true)
})

/** What a command says of itself. */
async function helpOf(command: string): Promise<string> {
  const { stdout, code } = await run([...command.split(' '), '--help'])
  expect(code, command).toBe(0)
  return stdout
}

test('every command line in a page has a command, and options that it knows', async () => {
  const optionsOf = new Map<string, string[]>()
  for (const page of PAGES) {
    for (const [, line = ''] of readPage(page).matchAll(/npx luma-callback ([^\n`|]+)/g)) {
      const [command = ''] = /^[a-z]+(?: (?:list|show|requeue|stats|purge)\b)?/.exec(line) ?? []
      if (command !== '')
        optionsOf.set(command, [...(optionsOf.get(command) ?? []), ...(line.match(/--[a-z0-9-]+/g) ?? [])])
    }
  }
  expect([...optionsOf.keys()].toSorted()).toEqual([
    'audit',
    'download',
    'inbox list',
    'inbox requeue',
    'inbox show',
    'inbox stats',
    'send',
    'simulate',
    'submit',
    'wait',
  ])
  for (const [command, options] of optionsOf) {
    const help = await helpOf(command)
    for (const option of options) expect(help, command).toContain(option)
  }
})

test.each(['send', 'simulate', 'audit', 'download'])(
  'the page of the command line has each option of %s, and no other',
  async (name) => {
    const inHelp = (await helpOf(name)).matchAll(/^ +(?:-\w, )?(--[a-z0-9-]+)/gm)
    const rows = [...sectionOf('packages/cli/README.md', name).matchAll(/^\| (`--[^|]*)\|/gm)].map(
      ([, cell = '']) => cell,
    )
    const inPage = rows.flatMap((cell) => cell.match(/--[a-z0-9-]+/g) ?? [])
    const isOfAll = (option: string) => ['--help', '--json'].includes(option)
    const known = [...inHelp].map(([, option = '']) => option).filter((option) => !isOfAll(option))
    expect(inPage.filter((option) => !isOfAll(option)).toSorted()).toEqual(known.toSorted())
  },
)
