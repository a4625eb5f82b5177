import type { Expectation, Level } from './check.ts'

/** The result of a check: `passed`, `failed`, or `skipped` because it could not run. */
export type Verdict = 'passed' | 'failed' | 'skipped'

/** The result of one check. */
export interface AuditResult extends Pick<Expectation, 'id' | 'level' | 'expects' | 'because'> {
  verdict: Verdict
  /** The reason, if it failed or was skipped. */
  reason?: string
  /** Milliseconds. */
  duration: number
}

/** The result of an audit. */
export interface AuditReport {
  /** The URL without its query, which may hold a token. */
  url: string
  startedAt: Date
  /** Milliseconds. */
  duration: number
  /** One for each check, in the order of the list. */
  results: readonly AuditResult[]
  counts: Readonly<Record<Level, Readonly<Record<Verdict, number>>>>
  /** True if no MUST failed. */
  passed: boolean
  /** A likely mistake in the options of the audit, such as a missing `secret`. */
  hint?: string
}

export function summarize(results: readonly AuditResult[]): Pick<AuditReport, 'counts' | 'passed'> {
  const count = (level: Level, verdict: Verdict) =>
    results.filter((result) => result.level === level && result.verdict === verdict).length
  const countsOf = (level: Level) => ({
    passed: count(level, 'passed'),
    failed: count(level, 'failed'),
    skipped: count(level, 'skipped'),
  })
  const counts = { MUST: countsOf('MUST'), SHOULD: countsOf('SHOULD') }
  return { counts, passed: counts.MUST.failed === 0 }
}

/** The report as a Markdown table, failed checks first. */
export function auditMarkdown(report: AuditReport): string {
  const { url, counts, results, hint } = report
  const order: readonly Verdict[] = ['failed', 'skipped', 'passed']
  const rows = order.flatMap((verdict) => results.filter((result) => result.verdict === verdict)).map(rowOf)
  return [
    `# Audit of ${cell(url)}`,
    '',
    `${report.startedAt.toISOString()}: ${sentence('MUST', counts.MUST)}; ${sentence('SHOULD', counts.SHOULD)}.`,
    ...(hint === undefined ? [] : ['', `**${cell(hint)}**`]),
    '',
    '| | check | | expected: the endpoint | because | actual |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

const MARKS: Readonly<Record<Verdict, string>> = { passed: '✓', failed: '✗', skipped: '–' }

function rowOf({ id, level, expects, because, verdict, reason = '' }: AuditResult): string {
  return `| ${MARKS[verdict]} | ${[`\`${id}\``, level, expects, because, reason].map(cell).join(' | ')} |`
}

function sentence(level: Level, { passed, failed, skipped }: Readonly<Record<Verdict, number>>): string {
  const rest = skipped > 0 ? `, ${skipped} skipped` : ''
  return `of the ${level} checks ${passed} passed, ${failed} failed${rest}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/[\r\n]+/g, ' ')
}
