// What is published says where it comes from, and every note of a change is of a package that there is.
import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'

interface Manifest {
  name: string
  version: string
  engines: { node: string }
  author: string
  bugs: { url: string }
  funding: string
  homepage: string
  repository: { type: string; url: string; directory?: string }
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const manifestOf = (folder: string) => JSON.parse(read(join(folder, 'package.json'))) as Manifest
const folders = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`)
const names = folders.map((folder) => manifestOf(folder).name)
const root = manifestOf('.')
/** The organisation and the repository stand in the root's package.json; all else is derived. */
const [, home = '', organisation = '', repository = ''] =
  /^git\+(https:\/\/github\.com\/([\w-]+)\/([\w-]+))\.git$/.exec(root.repository.url) ?? []

test('the package.json of the root says where the project lives', () => {
  expect(root).toMatchObject({
    author: expect.stringContaining(`(https://github.com/${organisation})`),
    bugs: { url: `${home}/issues` },
    funding: `https://github.com/sponsors/${organisation}`,
    homepage: `${home}#readme`,
  })
})

test.each(folders)('%s says where it comes from, as the root does', (folder) => {
  const { author, bugs, funding, homepage, repository: source } = manifestOf(folder)
  expect({ author, bugs, funding, homepage, source }).toEqual({
    author: root.author,
    bugs: root.bugs,
    funding: root.funding,
    homepage: `${home}/tree/main/${folder}#readme`,
    source: { ...root.repository, directory: folder },
  })
})

test('every other address of the project on GitHub is the same', () => {
  const files = readdirSync(join(ROOT, '.github'), { recursive: true, withFileTypes: true })
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
  expect(read('.github/CODEOWNERS')).toContain(`@${organisation}/`)
  for (const text of texts) {
    for (const [, owner = '', name = ''] of text.matchAll(
      /(?:github\.com\/|github\.repository == ')([\w-]+)\/([\w-]+)/g,
    )) {
      if (owner === organisation || name === repository)
        expect(`${owner}/${name}`).toBe(`${organisation}/${repository}`)
    }
  }
})

describe('versions', () => {
  const config = JSON.parse(read('.changeset/config.json')) as { fixed: string[][] }
  const notes = readdirSync(join(ROOT, '.changeset')).filter((file) => file.endsWith('.md'))

  test('all packages have the same, and changesets keeps it so', () => {
    expect(new Set(folders.map((folder) => manifestOf(folder).version)).size).toBe(1)
    const [patterns = []] = config.fixed
    for (const name of names)
      expect(
        patterns.some((pattern) => matchesGlob(name, pattern)),
        name,
      ).toBe(true)
  })

  test('the page about versions tells which Node each package needs', () => {
    const rows = [...read('.github/VERSIONS.md').matchAll(/^\| (.*?) +\| (2[\d.]+) and later \|$/gm)]
    const [, , others] = rows.find(([, whose]) => whose === 'all others') ?? []
    for (const { name, engines } of folders.map(manifestOf)) {
      const [, , own = others] = rows.find(([, whose = '']) => whose.startsWith(`\`${name}\``)) ?? []
      expect(engines.node, name).toBe(`>=${own}`)
    }
  })

  test.each(notes)(
    'the note .changeset/%s names packages that are published, and no bump that 0.x does not have',
    (note) => {
      const [, head = '', text = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(read(join('.changeset', note))) ?? []
      const bumps = head.split('\n').map((line) => /^'(.+)': (.+)$/.exec(line) ?? [])
      expect(bumps.length).toBeGreaterThan(0)
      for (const [line, name, bump] of bumps) {
        expect(names, line).toContain(name)
        // A breaking change is a minor one as long as the major version is 0.
        expect(
          manifestOf('packages/core').version.startsWith('0.') ? ['minor', 'patch'] : ['major', 'minor', 'patch'],
          line,
        ).toContain(bump)
      }
      expect(text.trim()).not.toBe('')
    },
  )
})
