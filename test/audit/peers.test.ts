import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../helpers/child.ts'
import { peers } from '../peers/peers.ts'
import { auditPeer, countRow, failureRows } from '../peers/table.ts'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8').replaceAll(/ +\|/g, ' |')

/** The ids that the readme says this receiver fails, in the column of its name. */
function toldFailures(column: number): string[] {
  const rows = [...readme.matchAll(/^\| (`[\w-]+`) \| (?:MUST|SHOULD) \|.*[✓✗].*\|$/gm)].map(([line]) => line)
  const isFailed = (line: string) => line.split(' | ')[column + 3]?.startsWith('✗')
  return rows.filter(isFailed).map((line) => line.split(' | ')[0]?.slice(2) ?? '')
}

describe.concurrent('the readme says of the receivers that the provider shows what the audit says', () => {
  for (const [column, peer] of peers.entries()) {
    const reason = peer.missing === undefined ? '' : ` (left out: it needs ${peer.missing})`
    test.skipIf(peer.missing !== undefined)(`${peer.name}${reason}`, async () => {
      const audit = async () => {
        const report = await auditPeer(peer)
        const failed = failureRows([report]).map((line) => line.split(' | ')[0]?.slice(2) ?? '')
        return { failed, row: countRow(peer.name, report) }
      }
      // Checks have limits of some seconds: what a busy machine was too slow for is looked at again.
      let { failed, row } = await audit()
      for (let again = 0; again < 3 && !readme.includes(row); again++) ({ failed, row } = await audit())
      expect(toldFailures(column)).toEqual(failed)
      expect(readme).toContain(row)
    })
  }
})
