import type { PgBoss } from 'pg-boss'
import { QUEUE } from './callback-job.ts'
import type { Database, Query } from './database.ts'

/** pg-boss at work in a schema, beside the memory of keys. */
export interface Engine {
  boss: PgBoss
  /** Makes again what somebody dropped. */
  remake(): Promise<void>
  /** Ends what pg-boss does in the background. */
  stop(): Promise<void>
}

export interface EngineOptions {
  database: Database
  schema: string
  /** Whether pg-boss tells OpenTelemetry of what it does. */
  telemetry: boolean
}

/**
 * What was seen, apart from the jobs, which pg-boss forgets. Its rows are taken from the front of the index on `since`,
 * from which the retention counts.
 */
const seenTable = (schema: string): string => `
  CREATE TABLE ${schema}.seen (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX seen_since ON ${schema}.seen (since)`

/** Makes what is missing in the schema, in however many processes at once, and starts pg-boss. */
export async function startEngine(options: EngineOptions, onError: (error: Error) => void): Promise<Engine> {
  const { database, schema, telemetry } = options
  // Here, so that a Node that is too old for it can be told so.
  const { PgBoss } = await import('pg-boss')
  const boss = new PgBoss({
    schema,
    db: { executeSql: (text: string, values?: unknown[]) => database.patientQuery(text, values) },
    schedule: false,
    createSchema: false,
    openTelemetry: { enabled: telemetry },
  })
  boss.on('error', onError)
  try {
    await makeSchema(database, schema)
    await boss.start()
    // Nothing in it is ever expired, dropped or deleted by pg-boss: when a callback is done, dead or to be forgotten is
    // for us to say, for as long as that takes. Attempts and their delays are counted by us too.
    await boss.createQueue(QUEUE)
    await makeTable(database, schema, 'seen', seenTable(schema))
  } catch (error) {
    await boss.stop({ graceful: false, close: false }).catch(() => {})
    throw error
  }
  return {
    boss,
    async remake() {
      // pg-boss makes its tables when it starts, and it cannot be started twice.
      const other = await startEngine(options, onError)
      await other.stop()
    },
    stop: () => boss.stop({ graceful: false, close: false }),
  }
}

/** Whether a statement failed because there is no such table, or no such schema. */
export function isGone(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '42P01' || code === '3F000'
}

/** By us and only where it is missing: the right to make one is not given to everybody. */
function makeSchema(database: Database, schema: string): Promise<void> {
  return makeOnce(database, schema, 'to_regnamespace', schema, `CREATE SCHEMA ${schema}`)
}

/** Makes a table where there is none, and the schema that it is in. */
export async function makeTable(database: Database, schema: string, name: string, statements: string): Promise<void> {
  await makeSchema(database, schema)
  await makeOnce(database, schema, 'to_regclass', `${schema}.${name}`, statements)
}

/** "IF NOT EXISTS" fails where two do it at once. */
function makeOnce(
  database: Database,
  schema: string,
  find: 'to_regclass' | 'to_regnamespace',
  name: string,
  statements: string,
): Promise<void> {
  // Another process may be at it, on a machine that is busy.
  return database.patientTransaction(async (query: Query) => {
    await query(`SELECT pg_advisory_xact_lock(hashtext('luma-callback'), hashtext($1))`, [schema])
    const { rows } = await query(`SELECT ${find}($1) AS name`, [name])
    if (rows[0]?.['name'] === null) await query(statements)
  })
}
