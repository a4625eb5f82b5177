// Requests a second of the SQLite inbox on files that remember more and more keys.
// `npm run bench:growth -- [rounds] [keys...]`, by default 3 rounds of 0, 100 000, 1 000 000 and 10 000 000 keys.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteInbox } from '@luma-callback/sqlite'
import { compare, printScores } from './compare.ts'
import { GENERATOR } from './load.ts'

const [rounds = 3, ...given] = process.argv.slice(2).map(Number)
const sizes = given.length > 0 ? given : [0, 1e5, 1e6, 1e7]
const folder = mkdtempSync(join(tmpdir(), 'luma-growth-'))
try {
  console.log(`Node ${process.version}, 50 connections of ${GENERATOR}, ${rounds} rounds in turns, medians`)
  const contestants = []
  for (const keys of sizes) {
    const file = join(folder, `${keys}.db`)
    await fill(file, keys)
    console.log(`${keys.toLocaleString('en')} keys: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`)
    contestants.push({ name: `${keys.toLocaleString('en')} keys`, server: 'luma-sqlite', args: [file] })
  }
  printScores(await compare(contestants, rounds))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** As many keys as that, seen in the last hour. */
async function fill(file: string, keys: number): Promise<void> {
  const inbox = sqliteInbox(file)
  await inbox.stats()
  await inbox.close()
  const db = new DatabaseSync(file)
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -500000')
  const insert = db.prepare(
    `WITH RECURSIVE numbers(n) AS (SELECT 1 WHERE ? > 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
     INSERT INTO seen (hash, digest, since) SELECT randomblob(16), randomblob(32), ? FROM numbers`,
  )
  for (let left = keys; left > 0; left -= 1e5) insert.run(left, Math.min(left, 1e5), Date.now() - 3.6e6)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}
