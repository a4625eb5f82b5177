// Runs the contracts and the tests of the engines on the newest releases of what the inboxes stand on, in a copy of the
// workspace, and prints the versions and the results as tables. Arguments such as `pg@8.23.1` ask for other versions.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { printTable } from '../bench/table.ts'
import { ROOT } from '../helpers/child.ts'
import { copySources } from './copy.ts'
import { askedVersions, askFor, ENGINES, testedVersions } from './packages.ts'
import { SUITES_OF } from './suites.ts'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const newestOf = (name: string): string =>
  execFileSync(npm, ['view', name, 'version'], { encoding: 'utf8', shell: process.platform === 'win32' }).trim()

/** Whether the command of the workspace succeeded in the copy; what it says is shown. */
function runs(workspace: string, program: string, args: readonly string[]): boolean {
  const script = join(workspace, 'node_modules', '.bin', program)
  const { status } = spawnSync(script, args, { cwd: workspace, stdio: ['ignore', 2, 2] })
  return status === 0
}

/** How many tests passed, failed and were left out; undefined if Vitest itself failed. */
function testOn(workspace: string, files: readonly string[]): Report | undefined {
  const output = join(workspace, 'results.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${output}`]
  const projects = ['--project', 'quick', '--project', 'faults']
  runs(workspace, 'vitest', ['run', '--config', 'test/vitest.config.ts', ...projects, ...reporters, ...files])
  try {
    return JSON.parse(readFileSync(output, 'utf8')) as Report
  } catch {
    return undefined
  }
}

const asked = askedVersions(process.argv.slice(2).filter((arg) => !arg.startsWith('--')))
const tested = testedVersions(ROOT)
const names = Object.values(ENGINES).flat()
const versions = Object.fromEntries(names.map((name) => [name, asked[name] ?? newestOf(name)]))
const options = { markdown: process.argv.includes('--markdown') }

const workspace = copySources()
askFor(workspace, versions)
const pnpm = join(ROOT, 'node_modules', '.bin', 'pnpm')
const install = ['install', '--no-frozen-lockfile', '--prefer-offline', '--loglevel=error']
execFileSync(pnpm, install, { cwd: workspace, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })

const rows: string[][] = []
const isBuilt =
  runs(workspace, 'tsc', ['-b', 'test/repo/packages.tsconfig.json']) &&
  runs(workspace, 'node', ['test/repo/commonjs.ts'])
const isTyped = isBuilt && runs(workspace, 'tsc', ['-b', 'test'])
rows.push(['types', isTyped ? 'right' : 'wrong'])
let failures = isTyped ? 0 : 1
for (const [name, files] of Object.entries(SUITES_OF)) {
  const report = isBuilt ? testOn(workspace, files) : undefined
  if (!report || report.numFailedTests > 0) failures++
  const counts = report && [report.numPassedTests, report.numFailedTests, report.numPendingTests].map(String)
  rows.push([name, ...(counts ?? ['did not run'])])
}

printTable(
  ['package', 'tested', 'now'],
  names.map((name) => [name, tested[name] ?? '', versions[name] ?? '']),
  options,
)
console.log('')
printTable(['tests of', 'passed', 'failed', 'left out'], rows, options)
process.exitCode = failures > 0 ? 1 : 0
