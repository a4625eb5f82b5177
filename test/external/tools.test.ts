// Each test tool runs a test of a user on the packed packages, as the table of the core's first page says.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresNamespace } from '../helpers/postgres.ts'
import { FRAMEWORKS, makeProject, NODES, NPM_QUIET, ourDependencies, versionOf, type Project } from './project.ts'

const JESTS = { 29: { jest: '29.7.0' }, 30: { jest: '30.5.2' } }
const TYPES = { 'ts-jest': '29.4.15', typescript: '5.9.3', '@types/node': '22.20.0', '@types/jest': '29.5.14' }
const VM_MODULES = { NODE_OPTIONS: '--experimental-vm-modules' }

async function install(copies: readonly string[], dependencies: Record<string, string>): Promise<Project> {
  const project = makeProject(...copies)
  const ours = ourDependencies()
  const overrides = Object.fromEntries(Object.keys(ours).map((name) => [name, `$${name}`]))
  project.write('package.json', { private: true, dependencies: { ...ours, ...dependencies }, overrides })
  await project.run('npm', ['install', ...NPM_QUIET])
  return project
}

describe.each(Object.entries(JESTS))('Jest %s', (version, jest) => {
  let project: Project
  beforeAll(async () => {
    project = await install(['jest'], { ...jest, ...FRAMEWORKS, ...TYPES })
    project.write('jest.config.cjs', "module.exports = { transform: { '\\\\.ts$': 'ts-jest' } }")
    project.write('tsconfig.json', { compilerOptions: { strict: true, target: 'es2022', esModuleInterop: true } })
  })
  afterAll(() => project.remove())

  const run = (node: string, args: readonly string[], env = {}) =>
    project.run(node, ['node_modules/jest/bin/jest.js', ...args], env)

  test.each(NODES.map((node) => [versionOf(node), node]))(
    'runs CommonJS and ts-jest as they are by default, on Node %s',
    async (_version, node) => {
      expect(await run(node, ['jest/receiver.test.js', 'jest/receiver.test.ts'])).toMatch(/Tests: .*\b[78] passed/)
    },
  )

  test('runs ES modules with its flag', async () => {
    const output = await run(process.execPath, ['--testMatch', '**/receiver.test.mjs'], VM_MODULES)
    expect(output).toMatch(/Tests: .*\b1 passed/)
  })

  test('loads pg-boss with the same flag, also from CommonJS', async () => {
    const { url, schema, tearDown } = await postgresNamespace()
    try {
      const env = { ...VM_MODULES, DATABASE_URL: url, POSTGRES_SCHEMA: schema }
      expect(await run(process.execPath, ['jest/postgres.test.js'], env), version).toMatch(/Tests: .*\b1 passed/)
    } finally {
      await tearDown()
    }
  })
})

describe('a project without a test framework of its own', () => {
  let project: Project
  beforeAll(async () => {
    project = await install(['vitest', 'node-test'], { vitest: '5.1.1', ...FRAMEWORKS })
  })
  afterAll(() => project.remove())

  test('Vitest', async () => {
    const output = await project.run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--dir', 'vitest'])
    expect(output).toMatch(/1 passed/)
  })

  test.each(NODES.map((node) => [versionOf(node), node]))(
    'node:test, by import and by require, on Node %s',
    async (_version, node) => {
      const files = ['node-test/receiver.test.mjs', 'node-test/receiver.test.cjs']
      const output = await project.run(node, ['--test', '--test-reporter=tap', ...files])
      expect(output).toMatch(/^# pass 3$/m)
      expect(output).not.toMatch(/Warning/)
    },
  )

  test('a program that Vitest bundles has one copy too: a bundler finds ES modules by "module"', async () => {
    const source =
      "export { LumaError } from '@luma-callback/core'\nexport { lumaCallback } from '@luma-callback/express'\n"
    project.write('entry.mjs', source)
    project.write(
      'bundle.mjs',
      `import { build } from 'vite'
       const { output } = await build({
         logLevel: 'silent',
         ssr: { noExternal: true },
         build: { ssr: 'entry.mjs', write: false, minify: false },
       })
       const { modules } = output[0]
       console.log(Object.keys(modules).filter((id) => id.includes('@luma-callback')).join('\\n'))`,
    )
    const modules = await project.run(process.execPath, ['bundle.mjs'])
    expect(modules).toContain(join('core', 'dist', 'errors', 'errors.js'))
    expect(modules).not.toContain(join('core', 'cjs'))
  })
})
