// The API reference: every export of every library, by its docstring, as pages in the library's `docs`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { anchorsOf } from './anchors.ts'
import { moduleOf, type Reference } from './convert.ts'
import { REFERENCE, type Page } from './pages.ts'

/** Where files of this repository are on the web. */
const ONLINE = 'https://github.com/luma-callback/luma-callback/blob/main/'
const NOTE = '<!-- Written by `npm run reference` from the docstrings. Change those. -->'

/** Every file of the reference, from the root of the repository. */
export async function referenceFiles({ render }: Reference): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-reference-'))
  try {
    await render(folder)
    const texts = new Map(
      REFERENCE.map((page): [Page, string] => {
        const text = readFileSync(join(folder, `${moduleOf(page)}.md`), 'utf8')
        return [page, `${NOTE}\n\n# ${page.title}\n\n${introduction(page)}\n${readable(text).trim()}\n`]
      }),
    )
    const files = REFERENCE.map((page): [string, string] => [pathOf(page), withLinks(page, texts)])
    return new Map([...files, ...contents(texts)])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function pathOf(page: Page): string {
  return `packages/${page.package}/${page.file}`
}

/** The text of a page, with links that work in its package. */
function withLinks(page: Page, texts: ReadonlyMap<Page, string>): string {
  const text = texts.get(page) ?? ''
  return text.replaceAll(/\]\(([^)\s#:]*)#([^)\s]+)\)/g, (_, path: string, anchor: string) => {
    const module = path === '' ? `${moduleOf(page)}.md` : posix.join(moduleOf(page), '..', path)
    const target = REFERENCE.find((each) => `${moduleOf(each)}.md` === module)
    if (!target) throw new Error(`${pathOf(page)} links to ${module}, which is not a page`)
    const there = target === page ? '' : linkTo(page, target)
    // TypeDoc counts names too that have no heading of their own.
    const anchors = anchorsOf(texts.get(target) ?? '')
    return `](${there}#${anchors.has(anchor) ? anchor : anchor.replace(/-\d+$/, '')})`
  })
}

function linkTo(from: Page, target: Page): string {
  return target.package === from.package
    ? posix.relative(posix.dirname(from.file), target.file)
    : ONLINE + pathOf(target)
}

/** What TypeDoc wrote, without what a page says twice. Each member of a union is headed by its `type`. */
function readable(text: string): string {
  return (
    text
      .replace(/^# .*\n/, '')
      .replaceAll(/^\*\*\*\n\n/gm, '')
      // Its members follow, one by one.
      .replaceAll(/^> \*\*\w+\*\* = \\\{.{300,}\n\n/gm, '')
      // The signature above has the type too.
      .replaceAll(/^#+ Returns\n\n[^#\n].*\n\n?(?=#|$)/gm, '')
      .replaceAll(/^#+ Extends\n\n- (.*)\n/gm, 'Extends $1.\n')
      .replaceAll(/^#+ Extended by\n\n(?:- .*\n)+\n/gm, '')
      .replaceAll(/^(#+) Type Literal\n\n(.*`type`: `"(\w+)"`.*)$/gm, '$1 $3\n\n$2')
  )
}

function introduction({ package: name, from }: Page): string {
  const imported = `Imported from \`${from}\`.`
  if (name !== 'express' && name !== 'koa') return `${imported}\n`
  const core = `${ONLINE}packages/core/docs/api.md`
  return `${imported} It exports everything that [\`@luma-callback/core\`](${core}) exports too.\n`
}

/** For each package with several pages, the page that lists them. */
function contents(texts: ReadonlyMap<Page, string>): [path: string, text: string][] {
  const several = REFERENCE.filter(({ file }) => file !== 'docs/api.md')
  return [...new Set(several.map((page) => page.package))].map((name) => {
    const pages = several.filter((page) => page.package === name)
    const rows = pages.map((page) => {
      const path = posix.relative('docs', page.file)
      const anchors = [...anchorsOf(texts.get(page) ?? '')]
      const links = page.names.map((each) => {
        const anchor = each.toLowerCase()
        return `[\`${each}\`](${path}#${anchors.find((one) => [anchor, `abstract-${anchor}`].includes(one)) ?? ''})`
      })
      return `- [${page.title}](${path}), from \`${page.from}\`: ${links.join(', ')}`
    })
    const text = `${NOTE}\n\n# Reference of \`@luma-callback/${name}\`\n\nEvery export, by its docstring.\n\n${rows.join('\n')}\n`
    return [`packages/${name}/docs/api.md`, text]
  })
}
