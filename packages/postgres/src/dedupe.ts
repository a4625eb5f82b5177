import { StoreUnavailableError, type DedupeStore } from '@luma-callback/core'
import type { Claim } from '@luma-callback/core/inbox'
import { systemClock, within } from '@luma-callback/core/internal'
import { idOf } from './callback-job.ts'
import { openDatabase, type PostgresConnection } from './database.ts'
import { makeTable } from './engine.ts'
import { readDedupeOptions, type PostgresDedupeOptions } from './options.ts'

/** A dedupe store that may have a pool of its own, which `close` ends. The receiver that it was given to closes it. */
export interface ClosableDedupeStore extends DedupeStore {
  close(): Promise<void>
}

/** `holder` is who claims a key; NULL once it is done. */
const table = (schema: string): string => `
  CREATE TABLE ${schema}.dedupe (
    id uuid PRIMARY KEY,
    holder text,
    digest text NOT NULL,
    expires_at timestamptz NOT NULL
  );
  CREATE INDEX dedupe_expires_at ON ${schema}.dedupe (expires_at)`

/** Expired keys that one claim clears away in passing: more than it adds, so that they never pile up. */
const CLEARED = 2
/** A claim that has run out is still its holder's while nobody else wants it, but not for ever: the holder may be dead. */
const FORSAKEN = `interval '1 hour'`

/** Each time, another one claimed or released the key within the same instant. */
const MOST_TRIES = 10
const CLAIMS: readonly unknown[] = ['claimed', 'held', 'done', 'conflict'] satisfies Claim[]

/**
 * Remembers in Postgres what was handled, for direct mode in several processes. Each step is one statement, and times
 * are counted by Postgres.
 *
 * @param connection - A URL, or a pool of pg, which is never closed.
 * @throws TypeError for a connection or option that is wrong or unknown.
 * @example
 * ```ts
 * import { lumaCallback } from '@luma-callback/express'
 * import { postgresDedupe } from '@luma-callback/postgres'
 *
 * const luma = lumaCallback(({ taskId, resultUrls }) => console.log(taskId, resultUrls), {
 *   secret: process.env.LUMA_WEBHOOK_KEY ?? '',
 *   dedupe: postgresDedupe('postgres://127.0.0.1/shop'),
 * })
 * ```
 */
export function postgresDedupe(
  connection: PostgresConnection,
  options: PostgresDedupeOptions = {},
): ClosableDedupeStore {
  const { schema, timeout } = readDedupeOptions(options)
  const database = openDatabase('postgresDedupe', connection)
  const name = `${schema}.dedupe`
  let making: Promise<void> | undefined

  function make(): Promise<void> {
    making ??= makeTable(database, schema, 'dedupe', table(schema)).catch((error: unknown) => {
      making = undefined
      throw error
    })
    return making
  }

  async function run(text: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    const late = (): Error => new Error(`no answer within ${timeout} ms`)
    try {
      // Making the table takes its own time; how long a callback waits for that, its answer decides.
      await make()
      const { rows } = await within(() => database.query(text, values), timeout, late, systemClock)
      return rows
    } catch (cause) {
      throw new StoreUnavailableError(`the dedupe store on Postgres: ${(cause as Error).message}`, { cause })
    }
  }

  const until = (parameter: string): string => `now() + ${parameter}::float8 * interval '1 ms'`
  // What the upsert does not touch it does not return; then it is read as it was.
  const claim = `
    WITH cleared AS (
      DELETE FROM ${name} WHERE id IN (
        SELECT id FROM ${name}
        WHERE expires_at < now() AND id <> $1::uuid AND (holder IS NULL OR expires_at < now() - ${FORSAKEN})
        ORDER BY expires_at LIMIT ${CLEARED}
        FOR UPDATE SKIP LOCKED)
    ), claimed AS (
      INSERT INTO ${name} AS known (id, holder, digest, expires_at) VALUES ($1, $2, $4, ${until('$3')})
      ON CONFLICT (id) DO UPDATE SET holder = $2, digest = $4, expires_at = ${until('$3')}
      WHERE known.expires_at <= now() OR known.holder = $2
      RETURNING 1
    )
    SELECT CASE
      WHEN EXISTS (SELECT FROM claimed) THEN 'claimed'
      WHEN holder IS NOT NULL THEN 'held'
      WHEN digest = $4 THEN 'done'
      WHEN digest <> $4 THEN 'conflict'
    END AS verdict
    FROM (SELECT 1) AS one LEFT JOIN ${name} ON id = $1`

  return {
    async claim({ key, holder, lease, digest }): Promise<Claim> {
      const values = [idOf(key), holder, lease, digest]
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        const [row] = await run(claim, values)
        const verdict = row?.['verdict']
        if (isClaim(verdict)) return verdict
        // Who came in between is not seen by a statement that began before; the next one sees it.
      }
      throw new StoreUnavailableError('the dedupe store on Postgres: a key was neither added nor found')
    },
    async renew({ key, holder, lease }) {
      const rows = await run(
        `UPDATE ${name} SET expires_at = ${until('$3')} WHERE id = $1 AND holder = $2 RETURNING 1`,
        [idOf(key), holder, lease],
      )
      return rows.length > 0
    },
    async complete({ key, holder, retention }) {
      await run(`UPDATE ${name} SET holder = NULL, expires_at = ${until('$3')} WHERE id = $1 AND holder = $2`, [
        idOf(key),
        holder,
        retention,
      ])
    },
    async release({ key, holder }) {
      await run(`DELETE FROM ${name} WHERE id = $1 AND holder = $2`, [idOf(key), holder])
    },
    close: () => database.close(),
  }
}

/** Nothing else may be taken for one: what is called done is answered 200 and never handled. */
function isClaim(verdict: unknown): verdict is Claim {
  return CLAIMS.includes(verdict)
}
