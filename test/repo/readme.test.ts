// The readmes cannot lie: their programs are checked as their readers would run them, and their commands are known.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { run } from '../helpers/cli.ts'

const READMES = [
  'README.md',
  ...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/README.md`),
  // The pages for contributors are held to the same.
  ...globSync('.github/*.md', { cwd: ROOT }),
]
const CONFIG = {
  compilerOptions: {
    target: 'esnext',
    module: 'nodenext',
    // They are JavaScript: what is not there, and what is misspelled, is found all the same.
    strict: false,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['*.ts'],
}

function blocksOf(readme: string, language: string): string[] {
  const text = readFileSync(join(ROOT, readme), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  )
}

test('every program in a readme uses only what there is, as it is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'luma-readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  symlinkSync(join(ROOT, 'test/node_modules'), join(folder, 'node_modules'))
  cpSync(join(ROOT, 'test/fixtures/readme'), folder, { recursive: true })
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  let count = 0
  for (const readme of READMES) {
    for (const [index, block] of blocksOf(readme, 'js').entries()) {
      const name = `${readme.replaceAll(/\W+/g, '-')}-${index + 1}.ts`
      writeFileSync(join(folder, name), `${block}\nexport {}\n`)
      count++
    }
  }
  expect(count).toBeGreaterThan(20)
  expect(check(folder)).toBe('')
})

/** What the compiler has to say. */
function check(folder: string): string {
  try {
    return execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

test.each(READMES)('every link in %s to a file or a heading leads there', (readme) => {
  const text = readFileSync(join(ROOT, readme), 'utf8')
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
  for (const [link, path = '', anchor] of links) {
    const target = path === '' ? readme : join(dirname(readme), path)
    expect(existsSync(join(ROOT, target)), link).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor)
  }
})

/** What GitHub makes of each heading. */
function anchorsOf(readme: string): string[] {
  const text = readFileSync(join(ROOT, readme), 'utf8')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('every npm script that a readme names is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
  const named = READMES.flatMap((readme) => [...readFileSync(join(ROOT, readme), 'utf8').matchAll(/npm run ([\w:]+)/g)])
  expect(named.length).toBeGreaterThan(5)
  for (const [, name = ''] of named) expect(Object.keys(scripts)).toContain(name)
})

test('every file that a page for contributors names is there', () => {
  const text = READMES.filter((page) => page.startsWith('.github/')).map((page) =>
    readFileSync(join(ROOT, page), 'utf8'),
  )
  const named = text.flatMap((page) => [...page.matchAll(/(?:`|sudo | )((?:packages|examples|test|\.ci)\/[\w./-]+)/g)])
  expect(named.length).toBeGreaterThan(20)
  for (const [, path = ''] of named) expect(existsSync(join(ROOT, path.replace(/[.]$/, ''))), path).toBe(true)
})

test('every command line in a readme has a command, and options that it knows', async () => {
  const optionsOf = new Map<string, string[]>()
  for (const readme of READMES) {
    for (const [, line = ''] of readFileSync(join(ROOT, readme), 'utf8').matchAll(/npx luma-callback ([^\n`]+)/g)) {
      const [command = ''] = /^[a-z ]+[a-z]/.exec(line) ?? []
      optionsOf.set(command, [...(optionsOf.get(command) ?? []), ...(line.match(/--[a-z-]+/g) ?? [])])
    }
  }
  expect(optionsOf.size).toBeGreaterThan(7)
  for (const [command, options] of optionsOf) {
    const { stdout, code } = await run([...command.split(' '), '--help'])
    expect(code, command).toBe(0)
    for (const option of options) expect(stdout, command).toContain(option)
  }
})
