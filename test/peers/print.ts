// Audits the receivers in this folder and prints what the pages say of them, as Markdown.
import { peers } from './peers.ts'
import { auditPeer, countRow, failureRows, row } from './table.ts'

const missing = peers.filter((peer) => peer.missing !== undefined)
if (missing.length > 0) {
  for (const peer of missing) console.error(`${peer.name} needs ${peer.missing}`)
  process.exit(1)
}
const reports = await Promise.all(peers.map(auditPeer))
const names = peers.map(({ name }) => name)
console.log([row('', 'MUST', 'SHOULD'), row('-', '-', '-')].join('\n'))
console.log(reports.map((report, index) => countRow(names[index] ?? '', report)).join('\n'))
console.log(['', row('check', '', 'expects', ...names), row(...Array<string>(names.length + 3).fill('-'))].join('\n'))
console.log(failureRows(reports).join('\n'))
