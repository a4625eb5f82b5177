import { execFileSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../bench/temporary.ts'
import { ROOT } from '../helpers/child.ts'

/** A copy of the sources, with what is not committed yet, to install something else into. It is gone after the run. */
export function copySources(): string {
  const { path } = temporaryFolder()
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  for (const file of listed.split('\0')) {
    if (file !== '' && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(path, file))
  }
  return path
}
