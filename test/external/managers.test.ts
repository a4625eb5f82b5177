// Each package, installed by each package manager, is imported and does its job once. Strict managers show a package
// that uses what it does not declare: with npm it works by accident.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresNamespace } from '../helpers/postgres.ts'
import { redisNamespace } from '../helpers/redis.ts'
import { FRAMEWORKS, makeProject, NAMES, NPM_QUIET, ourDependencies, type Project } from './project.ts'

/** The managers that npm has. Bun's program is in a package for each system. */
const MANAGERS = { yarn: '1.22.22', '@yarnpkg/cli-dist': '4.18.1', bun: '1.4.5' }

interface Manager {
  /** Beyond the dependencies, what package.json says. */
  manifest: (ours: Record<string, string>) => object
  /** Settings, by the name of their file. */
  files?: Record<string, string>
  install: (project: Project, tools: string) => Promise<unknown>
  /** What has to be written before `node`'s own arguments. */
  node?: (tools: string) => readonly [command: string, ...args: string[]]
}

const npmOverrides = (ours: Record<string, string>) => ({
  overrides: Object.fromEntries(Object.keys(ours).map((name) => [name, `$${name}`])),
})
const resolutions = (ours: Record<string, string>) => ({ resolutions: ours })

const managers: Record<string, Manager> = {
  npm: {
    manifest: npmOverrides,
    install: ({ run }) => run('npm', ['install', ...NPM_QUIET]),
  },
  'npm --legacy-peer-deps': {
    manifest: npmOverrides,
    install: ({ run }) => run('npm', ['install', '--legacy-peer-deps', ...NPM_QUIET]),
  },
  'Yarn 1': {
    manifest: resolutions,
    install: ({ run }, tools) =>
      run(process.execPath, [
        join(tools, 'node_modules/yarn/bin/yarn.js'),
        'install',
        '--prefer-offline',
        '--ignore-scripts',
        '--non-interactive',
        '--no-lockfile',
        '--ignore-engines',
      ]),
  },
  "Yarn with Plug'n'Play": {
    manifest: resolutions,
    files: {
      '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\nenableScripts: false\nenableImmutableInstalls: false\n',
      'yarn.lock': '',
    },
    install: ({ run }, tools) => run(process.execPath, [join(tools, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js')]),
    node: (tools) => [process.execPath, join(tools, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js'), 'node'],
  },
  'pnpm, strict': {
    manifest: () => ({}),
    install: ({ run, write }) => {
      const overrides = Object.entries(ourDependencies()).map(([name, file]) => `  '${name}': '${file}'\n`)
      write(
        'pnpm-workspace.yaml',
        `hoist: false\nautoInstallPeers: false\nignoreScripts: true\noverrides:\n${overrides.join('')}`,
      )
      return run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile'])
    },
  },
  Bun: {
    manifest: (ours) => ({ overrides: ours }),
    install: ({ run }, tools) => run(bunOf(tools), ['install', '--ignore-scripts']),
  },
}

function bunOf(tools: string): string {
  return join(tools, 'node_modules/.bin/bun')
}

let tools: Project
const projects = new Map<string, Project>()

beforeAll(async () => {
  tools = makeProject()
  tools.write('package.json', { private: true, dependencies: MANAGERS })
  // Bun's program is put in its place by its install script.
  await tools.run('npm', ['install', ...NPM_QUIET.filter((flag) => flag !== '--ignore-scripts')])
})

afterAll(() => {
  for (const project of [...projects.values(), tools]) project.remove()
})

describe.concurrent('each package does its job once, installed by', () => {
  test.each(Object.entries(managers))('%s', async (name, manager) => {
    const project = makeProject('uses')
    projects.set(name, project)
    const ours = ourDependencies()
    const dependencies = { ...ours, ...FRAMEWORKS }
    project.write('package.json', { name: 'uses-all', private: true, dependencies, ...manager.manifest(ours) })
    for (const [file, content] of Object.entries(manager.files ?? {})) project.write(file, content)
    await manager.install(project, tools.folder)
    const node = manager.node?.(tools.folder) ?? [process.execPath]
    const output = await useAll(project, node)
    for (const each of NAMES) expect(output).toContain(`${each} works`)
    expect(await commandLine(project, node)).toContain('Usage: luma-callback')
  })
})

/** Uses each package in one process, which says of each whether it works. */
async function useAll({ run }: Project, [command, ...args]: readonly [string, ...string[]]): Promise<string> {
  const [redis, postgres] = await Promise.all([redisNamespace(), postgresNamespace()])
  const env = {
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    DATABASE_URL: postgres.url,
    POSTGRES_SCHEMA: postgres.schema,
  }
  try {
    return await run(command, [...args, 'uses/all.mjs', ...NAMES], env)
  } finally {
    await Promise.all([redis.tearDown(), postgres.tearDown()])
  }
}

/** What `luma-callback --help` prints, run as the package manager would run it. */
function commandLine({ run, write }: Project, [command, ...args]: readonly [string, ...string[]]): Promise<string> {
  // Where a manager puts the program differs; what package.json calls it does not.
  write('cli.cjs', CLI)
  return run(command, [...args, 'cli.cjs', '--help'])
}

const CLI = `
  const manifest = require.resolve('luma-callback/package.json')
  const { bin } = require(manifest)
  process.argv.splice(1, 1, 'luma-callback')
  import(require('node:url').pathToFileURL(require('node:path').join(manifest, '..', bin['luma-callback'])).href)`
