// What each package costs: how much longer a process takes that imports it than one that does nothing, and the bytes of
// an installation, with all that it depends on.
//   npm run bench:sizes -- [--rounds 10] [--markdown]
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { now } from './clock.ts'
import { installed } from './installed.ts'
import { median, range } from './numbers.ts'
import { printHeader, printTable } from './table.ts'

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url))

interface Measured {
  name: string
  folder: string
  /** What a process of its own is given. */
  args: readonly string[]
  /** Milliseconds of each round. */
  times: number[]
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, markdown: { type: 'boolean', default: false } },
})
const rounds = Number(values.rounds)
printHeader(`${rounds} rounds in turns`, 'medians', 'less what an empty process takes')
const empty: Measured = { name: 'an empty process', folder: PACKAGES, args: evaluating(''), times: [] }
const packages = readdirSync(PACKAGES).map(describe)
for (let round = 0; round < rounds; round++) for (const one of [empty, ...packages]) one.times.push(time(one))
const base = median(empty.times)
printTable(
  ['', 'import', 'lowest – highest', 'size', 'with dependencies', 'dependencies'],
  [
    [`(${empty.name})`, `${base.toFixed(0)} ms`, range(empty.times)],
    ...packages.map(({ name, folder, times }) => {
      const costs = times.map((value) => value - base)
      const { own, all, dependencies } = installed(folder, PACKAGES)
      return [
        name,
        `${median(costs).toFixed(0)} ms`,
        range(costs),
        kilobytes(own),
        kilobytes(all),
        String(dependencies),
      ]
    }),
  ],
  values,
)

/** A package is imported; one that is a command only says its version. */
function describe(directory: string): Measured {
  const folder = join(PACKAGES, directory)
  const { name, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    bin?: Record<string, string>
  }
  const [command] = Object.values(bin ?? {})
  if (command === undefined) return { name, folder, args: evaluating(`import '${name}'`), times: [] }
  return { name: `${name} --version`, folder, args: [join(folder, command), '--version'], times: [] }
}

function evaluating(source: string): string[] {
  return ['--input-type=module', '--eval', source]
}

/** Each package can import itself by its name from its own folder. */
function time({ args, folder }: Measured): number {
  const startedAt = now()
  execFileSync(process.execPath, args, { cwd: folder, stdio: 'ignore' })
  return now() - startedAt
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1e3).toLocaleString('en')} kB`
}
