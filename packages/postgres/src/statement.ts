import type { PoolClient, QueryConfig } from 'pg'
import { parserOf } from './parsers.ts'

export interface Rows {
  rows: Record<string, unknown>[]
}

/** A statement that has no answer after so many milliseconds has lost its connection. */
export const SILENCE = 5_000

/**
 * Runs one statement on a client, whose pool may be the user's: how long it may take and how its results are read is told
 * with the statement, whatever the pool, the client or pg itself were told before. Its values are texts, numbers and lists of
 * these, and Dates of pg-boss, all of which pg writes in one way only.
 */
export async function runStatement(
  client: PoolClient,
  text: string,
  values?: unknown[],
  silence: number = SILENCE,
): Promise<Rows> {
  let isRead = false
  const types = {
    getTypeParser(oid: number, format?: string) {
      isRead = true
      return parserOf(oid, format)
    },
  }
  // @types/pg knows the timeout for connections only.
  const query = { text, values, types, query_timeout: silence } as QueryConfig
  const result = await asText(client as { binary?: boolean }, () => client.query<Record<string, unknown>>(query))
  // That of pg-native, say, which a pool may be made of.
  if (!isRead && result.rows?.length)
    throw new Error('the Pool reads results in its own way; pass a URL, or a Pool of pg without pg-native')
  return result
}

/** Where a client was made with `binary: true` it asks for each result like that, whatever the query says. */
function asText<Result>(client: { binary?: boolean }, ask: () => Result): Result {
  const { binary } = client
  if (!binary) return ask()
  client.binary = false
  try {
    return ask()
  } finally {
    client.binary = binary
  }
}

/** A time in whole microseconds since the epoch, as Postgres counts: in milliseconds two rows could not be told apart. */
export function microsOf(time: string): string {
  return `(extract(epoch FROM ${time}) * 1000000)::bigint`
}

/** The other way round, exactly, and whatever the session's DateStyle is. */
export function atMicros(parameter: string): string {
  return `(to_timestamp(0) + ${parameter}::bigint * interval '1 microsecond')`
}
