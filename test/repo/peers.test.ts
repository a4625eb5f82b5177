import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'

interface Manifest {
  name: string
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

const packages = readdirSync(join(ROOT, 'packages'))

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Where a dependency of the package in this folder is installed. */
function folderOf(dependency: string, dependent: string): string {
  for (let folder = realpathSync(dependent); ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', dependency)
    if (existsSync(found)) return realpathSync(found)
    if (folder === dirname(folder)) throw new Error(`${dependent} depends on ${dependency}, which is not installed`)
  }
}

/** The peers that a package needs and that are not optional. */
function neededPeers({ peerDependencies = {}, peerDependenciesMeta = {} }: Manifest): string[] {
  return Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true)
}

// Yarn, a strict pnpm and `npm --legacy-peer-deps` install a peer only if a package asks for it as a dependency.
test.each(packages)(
  'whatever %s depends on, at any depth, finds the peers that it needs among the dependencies beside it',
  (name) => {
    const seen = new Set<string>()
    function walk(folder: string): void {
      if (seen.has(folder)) return
      seen.add(folder)
      const { dependencies = {}, peerDependencies = {}, name: dependent } = manifestIn(folder)
      const provided = [dependent, ...Object.keys(dependencies), ...Object.keys(peerDependencies)]
      for (const dependency of Object.keys(dependencies)) {
        const installed = folderOf(dependency, folder)
        for (const peer of neededPeers(manifestIn(installed))) {
          expect(provided, `${dependent}: ${dependency} needs ${peer} as a peer`).toContain(peer)
        }
        walk(installed)
      }
    }
    walk(realpathSync(join(ROOT, 'packages', name)))
    expect(seen.size).toBeGreaterThan(1)
  },
)
