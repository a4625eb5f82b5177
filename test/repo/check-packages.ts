// Checks of the packages as they would be published: publint, and are-the-types-wrong for every way to resolve types.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const packages = fileURLToPath(new URL('../../packages', import.meta.url))

async function problemsOf(pkgDir: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir, strict: true })
  const problems = messages.map((message) => formatMessage(message, pkg) ?? message.code)
  // The command line is run, not imported.
  const profile = pkg['bin'] === undefined ? 'strict' : 'esm-only'
  try {
    execFileSync('attw', ['--pack', pkgDir, '--profile', profile, '--format', 'ascii'], { encoding: 'utf8' })
  } catch (error) {
    problems.push(error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error))
  }
  return problems
}

for (const name of readdirSync(packages)) {
  const problems = await problemsOf(`${packages}/${name}`)
  console.log(`packages/${name}: ${problems.length === 0 ? 'as it should be published' : problems.join('\n')}`)
  if (problems.length > 0) process.exitCode = 1
}
