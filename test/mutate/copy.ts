import { cpSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { temporaryFolder } from '../bench/temporary.ts'
import { ROOT } from '../helpers/child.ts'

/**
 * A copy of the sources with all that is built, to change them and to test that. It shares the installed packages, and is gone
 * after the run.
 */
export function copyBuilt(): string {
  const { path } = temporaryFolder()
  const shared = join(ROOT, 'node_modules')
  cpSync(ROOT, path, {
    recursive: true,
    // The links between our packages lead to the copy.
    verbatimSymlinks: true,
    filter: (source) => source !== shared && basename(source) !== '.git',
  })
  symlinkSync(shared, join(path, 'node_modules'), 'junction')
  return path
}
