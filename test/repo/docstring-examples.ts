// The examples of docstrings, made into a program that a compiler and Node can take.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../helpers/child.ts'

/** An example as its reader copies it: whole, with its imports. */
export interface Example {
  /** Where its docstring is, from the root of the repository. */
  file: string
  /** The line of the docstring that its first line is on. */
  line: number
  code: string
}

/** As strict as a compiler can be asked to be about what an example writes. */
const CONFIG = {
  compilerOptions: {
    target: 'esnext',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['packages'],
}

/** Every source file of every package, from the root of the repository. */
export function sourceFiles(): string[] {
  return readdirSync(join(ROOT, 'packages')).flatMap((name) => {
    const files = readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
    return files.filter((file) => file.endsWith('.ts')).map((file) => `packages/${name}/src/${file}`)
  })
}

export function examplesOf(file: string): Example[] {
  return examplesIn(file, readFileSync(join(ROOT, file), 'utf8'))
}

export function examplesIn(file: string, source: string): Example[] {
  return [...source.matchAll(/^ *\* ```ts\n([\s\S]*?)^ *\* ```$/gm)].map(({ 1: block = '', index }) => ({
    file,
    line: source.slice(0, index).split('\n').length + 1,
    code: block.replaceAll(/^ *\* ?/gm, ''),
  }))
}

/**
 * Writes each example into a module of its own, at the lines that it has in its docstring, so that what is said of the
 * module can be found there. The folder gets the packages as their users have them: built.
 */
export function writeExamples(folder: string, examples: readonly Example[]): void {
  symlinkSync(join(ROOT, 'test/node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const example of examples) {
    const path = join(folder, moduleOf(example))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${'\n'.repeat(example.line - 1)}${example.code}\nexport {}\n`)
  }
}

/** Two examples of one docstring may use the same names. */
export function moduleOf({ file, line }: Example): string {
  return file.replace(/\.ts$/, `.${line}.ts`)
}

/** What the compiler has to say of the examples, by the file and the line of the docstring. */
export function compile(folder: string): string {
  try {
    return execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    })
  } catch (error) {
    return inDocstrings((error as { stdout: string }).stdout)
  }
}

/** Names the docstring in place of the module that was made from it. */
export function inDocstrings(text: string): string {
  return text.replaceAll(/(packages\/\S+?)\.\d+\.ts(?:\((\d+),\d+\)|:(\d+))/g, '$1.ts:$2$3')
}
