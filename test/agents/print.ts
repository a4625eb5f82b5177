// Runs every form of mounting under every agent and prints a table of what came of it, as Markdown.
import { AT_ONCE } from './limits.ts'
import { inTurns, pairs, runCell } from './matrix.ts'

const cells = await inTurns(
  pairs.map(
    ({ agent, framework }) =>
      () =>
        runCell(agent, framework),
  ),
  AT_ONCE,
)
const row = (...values: readonly unknown[]) => `| ${values.join(' | ')} |`
console.log(row('agent', 'framework', 'answered', 'left to others', 'audit'))
console.log(row('-', '-', '-', '-', '-'))
for (const { agent, framework, outcomes, answered, due, failedChecks, checks } of cells) {
  const bystanders = outcomes.filter(({ kind }) => kind === 'bystander')
  const left = bystanders.filter(({ came }) => came === '200 the other, 0').length
  const passed = `${checks - failedChecks.length} of ${checks}`
  console.log(row(agent, framework, `${answered} of ${due}`, `${left} of ${bystanders.length}`, passed))
}
const unexpected = cells.flatMap(({ agent, framework, wrong, failedChecks }) =>
  [...wrong, ...failedChecks].map((what) => `${agent}, ${framework}: ${what}`),
)
for (const line of unexpected) console.log(line)
process.exitCode = unexpected.length > 0 ? 1 : 0
