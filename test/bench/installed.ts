import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

interface Manifest {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

/** What an installation of a package puts on the disk. */
export interface Installed {
  /** Bytes of the package itself, as it is packed. */
  own: number
  /** Bytes with all that it depends on. */
  all: number
  /** Packages besides itself. */
  dependencies: number
}

/**
 * What it takes to install one of ours, from the versions that are installed here: no registry is asked.
 *
 * @param folder - Of the package.
 * @param workspace - The folder whose packages are ours, which hold more than what is packed.
 */
export function installed(folder: string, workspace: string): Installed {
  const sizeOf = (path: string): number => (path.startsWith(workspace) ? packedSize(path) : folderSize(path))
  const closure = closureOf(realpathSync(folder))
  const sizes = [...closure].map(sizeOf)
  return { own: sizes[0] ?? 0, all: sizes.reduce((sum, size) => sum + size, 0), dependencies: closure.size - 1 }
}

/** The folders of a package and of all that it needs, itself the first. */
function closureOf(folder: string, found = new Set<string>()): Set<string> {
  if (found.has(folder)) return found
  found.add(folder)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta } = manifest
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta?.[name]?.optional)
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
    const path = find(name, folder)
    if (path !== undefined) closureOf(path, found)
    // One that is optional may be for another platform.
    else if (!(name in { ...optionalDependencies })) throw new Error(`${name}, which ${folder} needs, is not installed`)
  }
  return found
}

/** Where Node would find a package; not every one lets its package.json be imported. */
function find(name: string, from: string): string | undefined {
  const folders = createRequire(join(from, 'package.json')).resolve.paths(`${name}/package.json`) ?? []
  const path = folders.map((folder) => join(folder, name)).find((one) => existsSync(one))
  return path === undefined ? undefined : realpathSync(path)
}

function packedSize(folder: string): number {
  const output = execFileSync('pnpm', ['pack', '--dry-run', '--json'], { cwd: folder, encoding: 'utf8' })
  const { files } = JSON.parse(output) as { files: { path: string }[] }
  return files.reduce((sum, { path }) => sum + statSync(join(folder, path)).size, 0)
}

function folderSize(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return entries.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
