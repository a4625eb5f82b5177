import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'

/** The libraries, by the names of their folders; the command line is a package of another kind. */
export const NAMES = ['core', 'express', 'koa', 'sqlite', 'redis', 'postgres', 'download', 'client', 'testing']

/** What each file in `projects/uses` needs besides our packages. */
export const FRAMEWORKS = { express: '5.3.0', koa: '3.3.0' }

/** A folder outside of the workspace. */
export interface Project {
  folder: string
  /** Runs a program there. Rejects with all that it wrote if it fails. */
  run(command: string, args: readonly string[], env?: Record<string, string>): Promise<string>
  write(file: string, content: unknown): void
  remove(): void
}

/** Takes our packages from the tarballs, also where one of them depends on another; for npm, Yarn, pnpm and Bun. */
export function ourDependencies(): Record<string, string> {
  return Object.fromEntries(Object.entries(inject('tarballs')).map(([name, file]) => [name, `file:${file}`]))
}

/** Makes a project, with copies of some folders of `projects` in it. */
export function makeProject(...copies: string[]): Project {
  const folder = mkdtempSync(join(tmpdir(), 'luma-callback-project-'))
  for (const name of copies) {
    cpSync(fileURLToPath(new URL(`projects/${name}`, import.meta.url)), join(folder, name), { recursive: true })
  }
  return {
    folder,
    run: (command, args, env = {}) => runIn(folder, command, args, env),
    write: (file, content) =>
      writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Milliseconds until a program that does not end by itself is ended. */
const PATIENCE = 300_000

function runIn(cwd: string, command: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...foreignEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.once('error', reject)
    child.once('close', (code, signal) =>
      code === 0
        ? resolve(output)
        : reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${output}`)),
    )
  })
}

/** The environment without what npm, pnpm and Vitest tell the programs that they start. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|vite|node_(env|options|path)$|force_color|test$)/i.test(name),
  )
  return { ...Object.fromEntries(kept), NO_COLOR: '1' }
}

/** The machine's own Node, which stands behind the workspace's on the PATH. */
function machineNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file))
}

/** Each Node that the tests find: the workspace's, the machine's, and the one that LUMA_OLD_NODE names. */
export const NODES: readonly string[] = [
  ...new Set([process.execPath, machineNode(), process.env['LUMA_OLD_NODE']].filter((path) => path !== undefined)),
]

export const NPM_QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error']

/** A path in the words of a test's name. */
export function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
}
