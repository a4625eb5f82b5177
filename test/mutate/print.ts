// Changes a line of a file that decides something, runs the tests of that file, and prints each change that no test notices.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atExit } from '../bench/at-exit.ts'
import { randomFrom } from '../crash/random.ts'
import { ROOT } from '../helpers/child.ts'
import { copyBuilt } from './copy.ts'
import { AREAS } from './areas.ts'
import { mutantsOf, type Mutant } from './mutants.ts'
import { readOptions } from './options.ts'

/** A mutant whose tests take so many times as long as without it hangs, and so is noticed; never below a minute. */
const PATIENCE = 10
const LEAST_LIMIT = 60_000
/** For tests without a change, in case they hang. */
const LONGEST = 600_000

const { files, most, seed } = readOptions(process.argv.slice(2))
const workspace = copyBuilt()
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')

let running: ChildProcess | undefined

function endTests(): void {
  try {
    if (running?.pid !== undefined) process.kill(-running.pid, 'SIGKILL')
  } catch {
    // They have ended.
  }
}

atExit(endTests)

/** Whether the tests pass in the copy, within so many milliseconds. */
async function passes(tests: readonly string[], limit: number): Promise<boolean> {
  const run = ['run', '--config', 'test/vitest.config.ts', '--project', 'quick', '--bail', '1', ...tests]
  running = spawn(process.execPath, [vitest, ...run], { cwd: workspace, stdio: 'ignore', detached: true })
  const timer = setTimeout(endTests, limit)
  const [code] = (await once(running, 'exit')) as [number | null]
  clearTimeout(timer)
  return code === 0
}

interface Change {
  file: string
  source: string
  mutant: Mutant
}

function changesOf(file: string): Change[] {
  const source = readFileSync(join(workspace, file), 'utf8')
  return mutantsOf(source).map((mutant) => ({ file, source, mutant }))
}

/** The same ones for the same seed. */
function drawn(changes: readonly Change[]): readonly Change[] {
  if (most === undefined || most >= changes.length) return changes
  const random = randomFrom(seed)
  const order = changes.map((change) => ({ change, at: random() })).toSorted((a, b) => a.at - b.at)
  const chosen = new Set(order.slice(0, most).map(({ change }) => change))
  return changes.filter((change) => chosen.has(change))
}

/** How long the tests of each file may take. */
const limits = new Map<string, number>()
for (const file of files) {
  const startedAt = performance.now()
  if (!(await passes(AREAS[file] ?? [], LONGEST))) {
    console.error(`the tests of ${file} fail without any change`)
    process.exit(1)
  }
  limits.set(file, Math.max(LEAST_LIMIT, PATIENCE * (performance.now() - startedAt)))
}
const changes = drawn(files.flatMap(changesOf))
let survivors = 0
for (const { file, source, mutant } of changes) {
  const { start, end, text, line } = mutant
  writeFileSync(join(workspace, file), source.slice(0, start) + text + source.slice(end))
  const isUnnoticed = await passes(AREAS[file] ?? [], limits.get(file) ?? LEAST_LIMIT)
  writeFileSync(join(workspace, file), source)
  if (!isUnnoticed) continue
  survivors++
  console.log(`${file}:${line}  ${source.slice(start, end)}  ->  ${text || 'nothing'}`)
  console.log(`  ${source.split('\n')[line - 1]?.trim() ?? ''}`)
}
const which = most === undefined ? '' : `, drawn with the seed ${seed}`
console.log(`${changes.length} mutants${which}: ${changes.length - survivors} noticed, ${survivors} survived`)
