import type { AuditReport, Level } from '@luma-callback/testing'
import { auditEndpoint } from '@luma-callback/testing'
import { startPeer, type Peer } from './peers.ts'

/** Runs the audit against a peer. It knows of no key, as its page shows none; what it is sent is signed all the same. */
export async function auditPeer(peer: Peer): Promise<AuditReport> {
  const { url, probe, close } = await startPeer(peer)
  try {
    // Refused at once: how long a name takes to be found is not what is asked here.
    const resultUrl = 'https://127.0.0.1:1/l/result.mp4'
    return await auditEndpoint({ url, probe, secret: 'whk_test_key_1', resultUrl, timeout: 150_000 })
  } finally {
    await close()
  }
}

/** A row of counts for one report. */
export function countRow(name: string, { counts }: AuditReport): string {
  const told = (level: Level) => `${counts[level].passed} of ${counts[level].passed + counts[level].failed}`
  return row(name, told('MUST'), told('SHOULD'))
}

/** A row for each check that one of the reports failed. */
export function failureRows(reports: readonly AuditReport[]): string[] {
  const [first] = reports
  return (first?.results ?? []).flatMap(({ id, level, expects }, index) => {
    const verdicts = reports.map(({ results }) => results[index]?.verdict)
    if (!verdicts.includes('failed')) return []
    return [row(`\`${id}\``, level, expects, ...verdicts.map((verdict) => (verdict === 'passed' ? '✓' : '✗')))]
  })
}

/** One row of Markdown, blind to how a formatter pads it. */
export function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
