// Packs each package as it would be published, once for all tests of a run.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { ROOT } from '../helpers/child.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The tarball of each package, by the package's name. */
    tarballs: Record<string, string>
  }
}

const run = promisify(execFile)

export default async function packOnce(project: TestProject): Promise<() => Promise<void>> {
  // The path is another one each time, so that no package manager takes a tarball of an earlier run from its cache.
  const folder = await mkdtemp(join(tmpdir(), 'luma-callback-tarballs-'))
  const packages = join(ROOT, 'packages')
  const tarballs: Record<string, string> = {}
  for (const name of await readdir(packages)) {
    const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', folder], {
      cwd: join(packages, name),
    })
    const packed = JSON.parse(stdout) as { name: string; filename: string }
    tarballs[packed.name] = packed.filename
  }
  project.provide('tarballs', tarballs)
  return () => rm(folder, { recursive: true, force: true })
}
