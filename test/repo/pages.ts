// The pages that a user reads, but for the API reference: what that is made of has tests of its own.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../helpers/child.ts'

const OF_PACKAGES = readdirSync(join(ROOT, 'packages')).flatMap((name) => pagesIn(`packages/${name}`))

/** Those for contributors, which are held to the same. */
export const FOR_CONTRIBUTORS: readonly string[] = ['test/README.md', ...globSync('.github/*.md', { cwd: ROOT })]

/** Each page, from the root of the repository. */
export const PAGES: readonly string[] = ['README.md', ...FOR_CONTRIBUTORS, ...OF_PACKAGES]

function pagesIn(folder: string): string[] {
  const docs = join(ROOT, folder, 'docs')
  const names = existsSync(docs) ? readdirSync(docs).filter((name) => !/^api(?:\.md)?$/.test(name)) : []
  return [`${folder}/README.md`, ...names.map((name) => `${folder}/docs/${name}`)]
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/** What stands below a heading of the second level, up to the next one. */
export function sectionOf(page: string, heading: string): string {
  const [, rest = ''] = readPage(page).split(`\n## ${heading}\n`)
  const [section = ''] = rest.split('\n## ')
  if (section === '') throw new Error(`${page} has no section ${heading}`)
  return section
}

/** A page without its programs and its code, which are not prose. */
export function proseOf(page: string): string {
  return readPage(page)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '')
}

/** What GitHub makes of each heading. */
export function anchorsOf(page: string): string[] {
  const withoutPrograms = readPage(page).replaceAll(/^```[^]*?^```$/gm, '')
  return [...withoutPrograms.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
