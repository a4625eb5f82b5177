import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { peers } from '../peers/peers.ts'
import { auditPeer, countRow, failureRows } from '../peers/table.ts'

/** The first page has the counts, and the page of the audit has both: the counts, and what each one fails. */
const [firstPage = '', audit = ''] = ['README.md', 'packages/testing/docs/audit.md'].map((page) =>
  readFileSync(join(ROOT, page), 'utf8').replaceAll(/ +\|/g, ' |'),
)
const hasRow = (row: string) => firstPage.includes(row) && audit.includes(row)

/** The ids that the page says this receiver fails, in the column of its name. */
function toldFailures(column: number): string[] {
  const rows = [...audit.matchAll(/^\| (`[\w-]+`) \| (?:MUST|SHOULD) \|.*[✓✗].*\|$/gm)].map(([line]) => line)
  const isFailed = (line: string) => line.split(' | ')[column + 3]?.startsWith('✗')
  return rows.filter(isFailed).map((line) => line.split(' | ')[0]?.slice(2) ?? '')
}

describe.concurrent('the pages say of the receivers that the provider shows what the audit says', () => {
  for (const [column, peer] of peers.entries()) {
    const reason = peer.missing === undefined ? '' : ` (left out: it needs ${peer.missing})`
    test.skipIf(peer.missing !== undefined)(`${peer.name}${reason}`, async () => {
      const judge = async () => {
        const report = await auditPeer(peer)
        const failed = failureRows([report]).map((line) => line.split(' | ')[0]?.slice(2) ?? '')
        return { failed, row: countRow(peer.name, report) }
      }
      // Checks have limits of some seconds: what a busy machine was too slow for is looked at again.
      let { failed, row } = await judge()
      for (let again = 0; again < 3 && !hasRow(row); again++) ({ failed, row } = await judge())
      expect(toldFailures(column)).toEqual(failed)
      expect(firstPage).toContain(row)
      expect(audit).toContain(row)
    })
  }
})
