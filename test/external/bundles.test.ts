// Errors are told alike in a program as it stands and in its bundles, minified too, that leave packages with a thread of their
// own out. Such a bundle has one copy of core, and the packages that were left out bring another.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeProject, NPM_QUIET, ourDependencies, type Project } from './project.ts'

const BUNDLERS = { esbuild: '0.28.2', rolldown: '1.3.2' }

/** What stays outside, and so brings a copy of core. */
const OUTSIDE = { sqlite: ['@luma-callback/sqlite'], both: ['@luma-callback/sqlite', '@luma-callback/client'] }

/** Each writes one bundle. */
const BUILDS: Readonly<Record<string, { file: string; program: (outside: readonly string[]) => string }>> = {
  esbuild: {
    file: 'esbuild.cjs',
    program: (external) => `
      import { build } from 'esbuild'
      const options = { bundle: true, minify: true, platform: 'node', format: 'cjs', logLevel: 'warning' }
      await build({ ...options, entryPoints: ['bundle/app.mjs'], outfile: 'esbuild.cjs', external: ${JSON.stringify(external)} })`,
  },
  rolldown: {
    file: 'rolldown.mjs',
    program: (external) => `
      import { build } from 'rolldown'
      const output = { file: 'rolldown.mjs', format: 'esm', minify: true, codeSplitting: false }
      await build({ input: 'bundle/app.mjs', platform: 'node', external: ${JSON.stringify(external)}, output })`,
  },
}

let project: Project

beforeAll(async () => {
  project = makeProject('bundle')
  const ours = ourDependencies()
  const overrides = Object.fromEntries(Object.keys(ours).map((name) => [name, `$${name}`]))
  project.write('package.json', { private: true, dependencies: { ...ours, ...BUNDLERS }, overrides })
  await project.run('npm', ['install', ...NPM_QUIET])
})

afterAll(() => project.remove())

let files = 0

function newFile(): string {
  return `luma-${++files}.db`
}

async function run(program: string, scenario: string, file = newFile()): Promise<Record<string, unknown>> {
  const output = await project.run(process.execPath, ['--disable-warning=ExperimentalWarning', program, scenario, file])
  return JSON.parse(output.slice(output.indexOf('{'))) as Record<string, unknown>
}

const PLAIN = 'bundle/app.mjs'

/** What each of these programs has to print. */
const EXPECTED = {
  unrecoverable: {
    events: ['received', 'dead'],
    state: 'dead',
    attempts: 1,
    failureCode: 'ERR_LUMA_UNRECOVERABLE',
    lastError: 'UnrecoverableError: no such order',
  },
  forged: { events: ['received', 'forged', 'dead'], state: 'dead', failureCode: 'ERR_LUMA_FORGED' },
  closed: { status: 503, error: 'closing', isClosed: true },
}

describe('as it stands', () => {
  test.each(Object.entries(EXPECTED))('%s', async (scenario, expected) => {
    expect(await run(PLAIN, scenario)).toMatchObject(expected)
  })
})

describe.each(
  Object.keys(BUNDLERS).flatMap((bundler) =>
    Object.entries(OUTSIDE).map(([name, outside]) => ({ bundler, name, outside })),
  ),
)('bundled by $bundler, with $name outside', ({ bundler, outside }) => {
  const { file: bundle = '', program = () => '' } = BUILDS[bundler] ?? {}

  beforeAll(async () => {
    project.write('build.mjs', program(outside))
    await project.run(process.execPath, ['build.mjs'])
  })

  test('its classes have other names, and there are two copies of core', async () => {
    expect(readFileSync(join(project.folder, bundle), 'utf8')).not.toMatch(
      /class (?:Closed|Forged|Unrecoverable)Error\b/,
    )
    expect(await run(bundle, 'closed')).toMatchObject({ copies: 2 })
    expect(await run(PLAIN, 'closed')).toMatchObject({ copies: 1 })
  })

  test.each(Object.entries(EXPECTED))('%s', async (scenario, expected) => {
    expect(await run(bundle, scenario)).toMatchObject(expected)
  })

  test.each([
    ['the bundle', 'the program as it stands', bundle, PLAIN],
    ['the program as it stands', 'the bundle', PLAIN, bundle],
  ])('what %s rejected runs when %s has it confirmed', async (_before, _after, before, after) => {
    const file = newFile()
    expect(await run(before, 'forged', file)).toMatchObject(EXPECTED.forged)
    expect(await run(after, 'borneOut', file)).toEqual({
      status: 200,
      hooks: ['task-1'],
      events: ['received', 'duplicate', 'delivered'],
    })
  })
})
