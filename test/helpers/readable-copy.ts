import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Copies a script and a package that it imports, with all that this depends on, to where every user can read it: the
 * project may be in a folder that only its owner can enter. The copy goes with the test.
 *
 * @returns The path of the script's copy.
 */
export function readableCopy(script: string, packageName: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'luma-copy-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  install(packageName, script, join(folder, 'node_modules'))
  const copy = join(folder, basename(script))
  cpSync(script, copy)
  chmodSync(folder, 0o755)
  return copy
}

/** Copies the package that `base` would import by this name, and its dependencies. */
function install(name: string, base: string, to: string): void {
  const manifest = findPackageJSON(name, base)
  if (manifest === undefined) throw new Error(`${base} imports ${name}, which is not installed`)
  const target = join(to, name)
  if (existsSync(target)) return
  const source = realpathSync(dirname(manifest))
  cpSync(source, target, { recursive: true, filter: (path) => basename(path) !== 'node_modules' })
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: object }
  for (const dependency of Object.keys(dependencies)) install(dependency, join(source, 'package.json'), to)
}
