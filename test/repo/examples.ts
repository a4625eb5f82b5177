// The examples of docstrings and pages, made into programs that a compiler and Node can take.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../helpers/child.ts'

/** An example as its reader copies it: whole, with its imports. */
export interface Example {
  /** The file that holds it, from the root of the repository. */
  file: string
  /** The line of that file that its first line is on. */
  line: number
  code: string
  /** CommonJS, in place of an ES module in TypeScript. */
  isCommonJs?: boolean
}

/** As strict as a compiler can be asked to be about the text of an example. */
const STRICT = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true }
const COMPILER = {
  target: 'esnext',
  module: 'nodenext',
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
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
    line: lineAt(source, index),
    code: block.replaceAll(/^ *\* ?/gm, ''),
  }))
}

/** The programs of a page: its blocks in TypeScript, and in JavaScript, which show CommonJS. */
export function programsIn(file: string, source: string): Example[] {
  return [...source.matchAll(/^```(ts|js)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: code = '', index }) => ({
    file,
    line: lineAt(source, index),
    code,
    isCommonJs: language === 'js',
  }))
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length + 1
}

/**
 * Writes each example into a module of its own, at the lines that it has in its file, so that a message about the module
 * names them. The folder gets the packages as their users have them: built. CommonJS is not asked to be strict: it has no types.
 */
export function writeExamples(folder: string, examples: readonly Example[], options: { isStrict: boolean }): void {
  const compilerOptions = { ...COMPILER, ...(options.isStrict ? STRICT : { strict: false }) }
  const config = { compilerOptions, include: ['.'], exclude: ['node_modules'] }
  symlinkSync(join(ROOT, 'test/node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const example of examples) {
    const path = join(folder, moduleOf(example))
    mkdirSync(dirname(path), { recursive: true })
    const end = example.isCommonJs ? '' : '\nexport {}\n'
    writeFileSync(path, `${'\n'.repeat(example.line - 1)}${example.code}${end}`)
  }
}

/** Two examples of one file may use the same names. */
export function moduleOf({ file, line, isCommonJs }: Example): string {
  return `${file}.${line}.${isCommonJs ? 'cjs' : 'ts'}`
}

/** What the compiler says of the examples, by the file and the line that holds them. */
export function compile(folder: string): string {
  try {
    return execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    })
  } catch (error) {
    return inTheirFiles((error as { stdout: string }).stdout)
  }
}

/** Names the file of an example in place of the module that was made from it. */
export function inTheirFiles(text: string): string {
  return text.replaceAll(/(\S+\.(?:ts|md))\.\d+\.(?:ts|cjs)(?:\((\d+),\d+\)|:(\d+))/g, '$1:$2$3')
}
