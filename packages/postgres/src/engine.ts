import type { PgBoss } from 'pg-boss'
import { QUEUE } from './callback-job.ts'
import type { Database, Query } from './database.ts'

/** pg-boss at work in a schema, beside the memory of keys. */
export interface Engine {
  boss: PgBoss
  /** Ends what pg-boss does in the background. */
  stop(): Promise<void>
}

/** For ever, as far as pg-boss can count, in seconds. */
export const FOR_EVER: number = 2 ** 31 - 1

/**
 * What was seen, apart from the jobs, which pg-boss forgets. Its rows are taken from the front of the index on `since`,
 * from which the retention counts.
 */
const seenTable = (schema: string): string => `
  CREATE TABLE IF NOT EXISTS ${schema}.seen (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS seen_since ON ${schema}.seen (since)`

/** Makes what is missing in the schema, in however many processes at once, and starts pg-boss. */
export async function startEngine(
  database: Database,
  schema: string,
  onError: (error: Error) => void,
): Promise<Engine> {
  // Here, so that a Node that is too old for it can be told so.
  const { PgBoss } = await import('pg-boss')
  const boss = new PgBoss({
    schema,
    db: { executeSql: (text: string, values?: unknown[]) => database.patientQuery(text, values) },
    schedule: false,
  })
  boss.on('error', onError)
  try {
    await boss.start()
    // Nothing in it is ever expired, dropped or deleted by pg-boss: when a callback is done, dead or to be forgotten is
    // for us to say, for as long as that takes. Attempts and their delays are counted by us too.
    await boss.createQueue(QUEUE)
    await makeTable(database, schema, 'seen', seenTable(schema))
  } catch (error) {
    await boss.stop({ graceful: false, close: false }).catch(() => {})
    throw error
  }
  return { boss, stop: () => boss.stop({ graceful: false, close: false }) }
}

/** "IF NOT EXISTS" fails where two do it at once. */
export function makeTable(database: Database, schema: string, name: string, statements: string): Promise<void> {
  return database.transaction(async (query: Query) => {
    await query(`SELECT pg_advisory_xact_lock(hashtext('luma-callback'), hashtext($1))`, [`${schema}.${name}`])
    const { rows } = await query(`SELECT to_regclass($1) AS name`, [`${schema}.${name}`])
    if (rows[0]?.['name'] === null) await query(statements)
  })
}
