import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The packages that the inboxes stand on, by inbox. */
export const ENGINES: Readonly<Record<string, readonly string[]>> = {
  redis: ['bullmq', 'ioredis'],
  postgres: ['pg-boss', 'pg'],
}

const MANIFESTS = ['packages/redis/package.json', 'packages/postgres/package.json', 'test/package.json']

/** Where a manifest names what it needs. */
type Manifest = Partial<Record<'dependencies' | 'devDependencies', Record<string, string>>>

/** The manifest with these versions of the packages that it names; one under another name stays as it is. */
export function withVersions(manifest: Manifest, versions: Readonly<Record<string, string>>): Manifest {
  const changed = { ...manifest }
  for (const kind of ['dependencies', 'devDependencies'] as const) {
    const named = manifest[kind]
    if (!named) continue
    changed[kind] = Object.fromEntries(
      Object.entries(named).map(([name, version]) => [name, versions[name] ?? version]),
    )
  }
  return changed
}

/** Changes the manifests of a copy of the workspace. */
export function askFor(workspace: string, versions: Readonly<Record<string, string>>): void {
  for (const file of MANIFESTS) {
    const path = join(workspace, file)
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
    writeFileSync(path, JSON.stringify(withVersions(manifest, versions), null, 2))
  }
}

/** The versions that our tests run with. */
export function testedVersions(root: string): Record<string, string> {
  const { devDependencies = {} } = JSON.parse(readFileSync(join(root, 'test/package.json'), 'utf8')) as Manifest
  return devDependencies
}

/** Versions that arguments such as `pg@8.23.1` ask for. */
export function askedVersions(args: readonly string[]): Record<string, string> {
  const known = Object.values(ENGINES).flat()
  return Object.fromEntries(
    args.map((arg) => {
      const [, name = '', version = ''] = /^(.+)@(.+)$/.exec(arg) ?? []
      if (!known.includes(name)) throw new TypeError(`${arg}: name a version of ${known.join(', ')}, as in pg@8.23.1`)
      return [name, version]
    }),
  )
}
