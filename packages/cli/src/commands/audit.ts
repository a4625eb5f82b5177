import { printable } from '@luma-callback/core/internal'
import { auditChecks, auditEndpoint, auditMarkdown, type AuditReport, type AuditResult } from '@luma-callback/testing'
import { Option, type Command } from 'commander'
import { secretOption, toList, timeoutOption, toUrl } from '../parse-values.ts'
import { interruption } from '../failure.ts'
import { countBy, duration } from '../numbers.ts'
import { paint, print, printHint, printJson, showProgress } from '../output.ts'
import type { Finish } from '../finish.ts'

interface CommandOptions {
  secret?: string
  probe?: string
  resultUrl?: string
  only?: string[]
  timeout: number
  json?: true
  markdown?: true
}

export function addAudit(program: Command, finish: Finish): void {
  program
    .command('audit')
    .summary('check if any endpoint receives callbacks correctly')
    .description(
      'Sends valid, damaged, forged and hostile callbacks of tasks that do not exist to an endpoint in any language, and ' +
        `judges its answers in ${auditChecks.length} checks. Use a test instance.`,
    )
    .argument('<url>', 'the URL that the provider would call', toUrl)
    .addOption(secretOption('the webhook key of the endpoint; without it the checks of signatures are skipped'))
    .option('--probe <url>', 'answers GET …?taskId=ID with {"handled": n}; without it some checks are skipped', toUrl)
    .option('--result-url <url>', 'the result video in the callbacks, for endpoints that fetch it', toUrl)
    .option('--only <ids>', 'run only these checks, with commas between them', toList)
    .addOption(timeoutOption('the time for the whole audit; checks after that are skipped', 55_000))
    .option('--json', 'print the report as JSON')
    .addOption(new Option('--markdown', 'print the report as a Markdown table').conflicts('json'))
    .addHelpText(
      'after',
      `
Examples:
  $ luma-callback audit http://localhost:3000/luma-modify-callback
  $ luma-callback audit http://localhost:3000/luma-modify-callback --probe http://localhost:3000/probe --markdown > audit.md
  $ luma-callback audit http://localhost:3000/luma-modify-callback --only duplicate,damaged-prompt

Exits 0 if no MUST failed, 1 if one did, 2 if nothing answers.`,
    )
    .action(async (url: string, options: CommandOptions) => finish(await audit(url, options)))
}

async function audit(url: string, options: CommandOptions): Promise<number> {
  const { json, markdown, ...given } = options
  const isForPeople = !json && !markdown
  const total = given.only?.length ?? auditChecks.length
  let done = 0

  function observe(result: AuditResult): void {
    done++
    if (isForPeople) print(resultText(result))
    showProgress(`${done} of ${total} checks`)
  }

  const report = await auditEndpoint({ url, ...given, signal: interruption(), observe })
  if (json) printJson(report)
  else if (markdown) print(auditMarkdown(report).trimEnd())
  else print(summaryText(report))
  if (report.hint !== undefined) printHint(report.hint)
  return report.passed ? 0 : 1
}

/** The longest id. The columns must be known before the results. */
const ID = Math.max(...auditChecks.map(({ id }) => id.length))
const MARKS = { passed: ['green', '✓'], failed: ['red', '✗'], skipped: ['dim', '–'] } as const

function resultText({ id, level, expects, because, verdict, reason = '' }: AuditResult): string {
  const [style, mark] = MARKS[verdict]
  const row = `${paint(style, mark)} ${level.padEnd(6)}  ${paint(style, id.padEnd(ID))}  ${expects}`
  if (verdict !== 'failed') return row
  const indent = ' '.repeat(10)
  return `${row}\n${indent}${paint('red', printable(reason))}\n${indent}${paint('dim', `because ${because}`)}`
}

function summaryText({ url, counts, results, duration: took, passed }: AuditReport): string {
  const lines = (['MUST', 'SHOULD'] as const).map((level) => {
    const { passed: good, failed, skipped } = counts[level]
    const rest = [failed > 0 && paint('red', `${failed} failed`), skipped > 0 && `${skipped} skipped`].filter(Boolean)
    return `  ${level.padEnd(6)}  ${good} passed${rest.map((part) => `, ${part}`).join('')}`
  })
  const verdict = passed ? paint('green', 'no MUST failed') : paint('red', 'it does not receive callbacks correctly')
  const skipped = results.filter((result) => result.verdict === 'skipped')
  const reasons = Object.entries(countBy(skipped, ({ reason = '' }) => reason)).map(([reason, count]) =>
    paint('dim', `  ${count} skipped: ${printable(reason)}`),
  )
  return ['', `${printable(url)} in ${duration(took)}: ${verdict}`, ...lines, ...reasons].join('\n')
}
