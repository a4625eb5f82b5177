import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteInbox } from '@luma-callback/sqlite'
import { compare, type Contestant, type Score } from './compare.ts'
import { temporaryFolder } from './temporary.ts'

/** Measures the SQLite inbox on files that remember more and more keys. */
export async function growth(sizes: readonly number[], rounds: number): Promise<Score[]> {
  const folder = temporaryFolder()
  try {
    const contestants: Contestant[] = []
    for (const keys of sizes) {
      const file = join(folder.path, `${keys}.db`)
      await fill(file, keys)
      const name = `${keys.toLocaleString('en')} keys`
      console.log(`${name}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`)
      contestants.push({ name, server: 'luma-sqlite', args: [file] })
    }
    return await compare(contestants, rounds)
  } finally {
    folder.remove()
  }
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
