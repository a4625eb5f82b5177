// Runs the inbox on each setup of Redis and prints a table of what came of it, as Markdown.
import { COUNT, runSetup, type Cell } from './matrix.ts'
import { setups } from './setups.ts'

const row = (...values: readonly unknown[]): string => `| ${values.join(' | ')} |`
console.log(row('Redis', '200s', '503s before', 'hooks', 'twice', 'lost'))
console.log(row('-', '-', '-', '-', '-', '-'))
let isAsItShouldBe = true
for (const setup of setups) {
  const { received, refused, hooks, twice, lost }: Cell = await runSetup(setup)
  console.log(row(setup.name, `${received} of ${2 * COUNT}`, refused, `${hooks} of ${COUNT}`, twice, lost))
  isAsItShouldBe &&= twice + lost === 0 && hooks === COUNT && (setup.mayRefuse === true || refused === 0)
}
process.exitCode = isAsItShouldBe ? 0 : 1
