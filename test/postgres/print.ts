// Sends callbacks to receivers on each set-up of Postgres, and prints what came of them as a table.
import { hasPostgresServer, postgresServerReason, startPostgres } from '../helpers/postgres.ts'
import { printTable } from '../bench/table.ts'
import { runSetup } from './run-setup.ts'
import { setups } from './setups.ts'

const ends: (() => Promise<void>)[] = []

async function finish(): Promise<void> {
  for (const end of ends.splice(0).toReversed()) await end()
}

if (!hasPostgresServer) {
  console.error(`no set-up can be tried${postgresServerReason}`)
  process.exit(1)
}
const rows: string[][] = []
for (const setup of setups) {
  if (setup.missing) {
    rows.push([setup.name, `needs ${setup.missing}`])
    continue
  }
  const server = await startPostgres((end) => ends.push(end))
  const { accepted, refused, hooks, twice, lost } = await runSetup(setup, server, (end) => ends.push(end))
  rows.push([setup.name, ...[accepted, refused, hooks, twice, lost].map(String)])
  await finish()
}
printTable(['set-up', '200s', '503s', 'hooks', 'twice', 'lost'], rows, {
  markdown: process.argv.includes('--markdown'),
})
