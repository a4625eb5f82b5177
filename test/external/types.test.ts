// Programs of users compile against the packed declarations, and what they compile to runs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FRAMEWORKS, makeProject, NPM_QUIET, ourDependencies, type Project } from './project.ts'

const COMPILERS = { '5.4': '5.4.5', '5.6': '5.6.3', '5.9': '5.9.3', '7': '7.0.2' }
const OLD = Object.keys(COMPILERS).filter((version) => version !== '7')

/** A `module` and `moduleResolution`, the file that is compiled with them, and the versions that have them. */
const SETTINGS: [name: string, file: string, options: Record<string, string>, versions: string[]][] = [
  ['node16 from CommonJS', 'app.cts', { module: 'node16', moduleResolution: 'node16' }, Object.keys(COMPILERS)],
  ['node16 from an ES module', 'app.mts', { module: 'node16', moduleResolution: 'node16' }, ['5.4', '7']],
  ['nodenext from CommonJS', 'app.cts', { module: 'nodenext', moduleResolution: 'nodenext' }, ['5.6', '7']],
  ['nodenext from an ES module', 'app.mts', { module: 'nodenext', moduleResolution: 'nodenext' }, ['5.6', '5.9', '7']],
  ['commonjs with node10', 'app.ts', { module: 'commonjs', moduleResolution: 'node10' }, OLD],
  ['commonjs with bundler', 'app.ts', { module: 'commonjs', moduleResolution: 'bundler' }, ['7']],
  ['esnext with bundler', 'app.mts', { module: 'esnext', moduleResolution: 'bundler' }, Object.keys(COMPILERS)],
]

const cases = SETTINGS.flatMap(([name, file, options, versions]) =>
  versions.map((version) => ({ name, version, file, options })),
)

let project: Project

beforeAll(async () => {
  project = makeProject('types')
  await project.run('cp', ['types/misuse.ts', 'types/misuse.mts'])
  for (const extension of ['cts', 'mts']) await project.run('cp', ['types/app.ts', `types/app.${extension}`])
  const compilers = Object.entries(COMPILERS).map(([name, version]) => [
    `typescript-${name}`,
    `npm:typescript@${version}`,
  ])
  const ours = ourDependencies()
  project.write('package.json', {
    private: true,
    dependencies: { ...ours, ...FRAMEWORKS, ...Object.fromEntries(compilers), '@types/node': '22.20.0' },
    overrides: Object.fromEntries(Object.keys(ours).map((name) => [name, `$${name}`])),
  })
  await project.run('npm', ['install', ...NPM_QUIET])
})

afterAll(() => project.remove())

test.concurrent.each(cases)('TypeScript $version, $name', async ({ version, file, options }) => {
  const outDir = `out-${version}-${options['module']}-${options['moduleResolution']}-${file}`
  const flags = {
    ...options,
    outDir,
    rootDir: 'types',
    target: 'es2022',
    types: 'node',
    strict: 'true',
    skipLibCheck: 'true',
  }
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
  const compiler = `node_modules/typescript-${version}/bin/tsc`
  expect(await project.run(process.execPath, [compiler, ...args, `types/${file}`])).toBe('')
  const compiled = `${outDir}/${file.replace('ts', 'js')}`
  const output = await project.run(process.execPath, [compiled])
  expect(output).toContain('function function https://')
})

const STRICT = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node']
const NODENEXT = ['--module', 'nodenext', '--moduleResolution', 'nodenext']

test.concurrent.each(['5.6', '7'])(
  'TypeScript %s points at the option that is wrong, and names one that is unknown',
  async (version) => {
    const compiler = `node_modules/typescript-${version}/bin/tsc`
    const args = [compiler, ...STRICT, ...NODENEXT, 'types/misuse.mts']
    const output = await project.run(process.execPath, args).catch((error: Error) => error.message)
    const lines = readFileSync(join(project.folder, 'types/misuse.mts'), 'utf8').split('\n')
    const wrong = lines.flatMap((line, index) => {
      const [, name = ''] = / \/\/ wrong: (.+)$/.exec(line) ?? []
      return name === '' ? [] : [`${index + 1},${line.indexOf(name) + 1}`]
    })
    const found = [...output.matchAll(/^types\/misuse\.mts\((\d+,\d+)\)/gm)].map(([, place]) => place)
    expect(found, output).toEqual(wrong)
    expect(output).toMatch(/'tolernce' does not exist/)
  },
)
