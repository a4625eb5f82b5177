import type { DatabaseSync } from 'node:sqlite'

/** Says in the file's header that it is ours: "LUMA". */
const APPLICATION_ID = 0x4c55_4d41

/** States as the file holds them. */
export const STATE = { pending: 0, running: 1, done: 2, dead: 3 } as const

/**
 * Each entry brings a file from the version before it to the next; never change one that was released.
 *
 * `seen` is the memory of keys and the one place where duplicates are told. A key is looked up by the first 128
 * bits of its SHA-256, so that its length and characters do not matter; its retention counts from `since`. Rows
 * are added at the end of the table and, of old keys, taken from its front.
 *
 * `work` holds what has to be done, under the same id. One index serves all that is asked of it: `at` is when a
 * pending one is due, when a running one's lease ends, when any other ended. `key` is JSON, for SQLite cannot hold
 * every text.
 */
const MIGRATIONS = [
  `CREATE TABLE seen (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     hash BLOB NOT NULL UNIQUE,
     digest BLOB NOT NULL,
     since INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE work (
     id INTEGER PRIMARY KEY,
     key TEXT NOT NULL,
     task_id TEXT NOT NULL,
     outcome TEXT NOT NULL,
     raw TEXT NOT NULL,
     query TEXT NOT NULL,
     received_at INTEGER NOT NULL,
     state INTEGER NOT NULL,
     at INTEGER NOT NULL,
     owner INTEGER,
     takes INTEGER NOT NULL DEFAULT 0,
     attempts INTEGER NOT NULL DEFAULT 0,
     crashes INTEGER NOT NULL DEFAULT 0,
     is_recovered INTEGER NOT NULL DEFAULT 0,
     started_at INTEGER,
     last_error TEXT
   ) STRICT;
   CREATE INDEX work_state ON work (state, at);
   CREATE TABLE owners (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     lock TEXT NOT NULL UNIQUE
   ) STRICT;`,
  // Whether the lease has ended once already, and its holder was given another.
  'ALTER TABLE work ADD COLUMN is_overdue INTEGER NOT NULL DEFAULT 0',
  // What `last_error` says, for programs. What failed before this version has none.
  'ALTER TABLE work ADD COLUMN failure_code TEXT',
  // The few that were running at two crashes are taken before all others, and looked for each time.
  'CREATE INDEX work_suspects ON work (state, at) WHERE crashes >= 2',
]

/** Throws if the file is another program's, or newer than this version knows. Writes nothing. */
export function checkOrigin(db: DatabaseSync): void {
  // Asked first: what another process makes of an empty file meanwhile is ours.
  const isEmpty = db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'] === 0
  const isOurs = numberOf(db, 'application_id') === APPLICATION_ID
  const version = numberOf(db, 'user_version')
  if (!isOurs && !isEmpty) throw new Error('it is the database of another program; name a file of its own')
  if (version > MIGRATIONS.length) {
    throw new Error(
      `it was written by a later version of this package (schema ${version}, this one knows ${MIGRATIONS.length}); update the package`,
    )
  }
}

/** Brings the file to this version. Where it throws, the database has to be closed, which undoes what was begun. */
export function migrate(db: DatabaseSync): void {
  if (numberOf(db, 'user_version') === MIGRATIONS.length) return
  db.exec('BEGIN IMMEDIATE')
  // Asked again: another process may have been quicker.
  checkOrigin(db)
  for (const migration of MIGRATIONS.slice(numberOf(db, 'user_version'))) db.exec(migration)
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`)
}

function numberOf(db: DatabaseSync, pragma: string): number {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma])
}
