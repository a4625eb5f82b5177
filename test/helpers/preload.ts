import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Whether a library can be built that stands between a program and the system. */
export const canPreload: boolean = process.platform === 'linux' && hasCompiler()

/** What a title says of tests that are left out. */
export const preloadReason: string = canPreload ? '' : ' (left out: they need Linux and cc)'

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const built = new Map<string, string>()

/** The variables of a process in which the functions of `preload/<name>.c` take the place of the system's. */
export function preloaded(name: string): { LD_PRELOAD: string } {
  let library = built.get(name)
  if (library === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'luma-preload-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    library = join(folder, `${name}.so`)
    const source = fileURLToPath(new URL(`preload/${name}.c`, import.meta.url))
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'])
    built.set(name, library)
  }
  return { LD_PRELOAD: library }
}
