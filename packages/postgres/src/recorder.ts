import type { LumaCallback, Recorded } from '@luma-callback/core'
import { gather } from '@luma-callback/core/inbox'
import type { PgBoss } from 'pg-boss'
import { idOf, QUEUE, toData } from './callback-job.ts'
import type { Database, Query } from './database.ts'
import { LASTING_JOB } from './undocumented.ts'

/** Callbacks that one transaction takes. One counts for each 10 000 characters: so many bytes have to be there in time. */
const MOST = 500
const CHARACTERS = 10_000

export interface RecorderOptions {
  boss: PgBoss
  database: Database
  schema: string
}

interface Taken {
  /** The ids that are jobs from now on. */
  fresh: ReadonlySet<string>
  /** The digests of those that were remembered before. */
  digests: ReadonlyMap<string, string>
}

/**
 * Takes callbacks in, many in one transaction, so that one sync of the disk serves them all.
 *
 * pg-boss forgets a job's id when the job is deleted, so the keys are remembered apart from the jobs. That a key could be
 * inserted there is the only thing that makes a callback the first; the jobs are inserted in the same transaction.
 */
export function createRecorder(options: RecorderOptions): (callback: LumaCallback) => Promise<Recorded> {
  const { boss, database, schema } = options

  /** The ids that nobody had recorded. In their order, so that two transactions never wait for each other in a ring. */
  async function remember(query: Query, firsts: ReadonlyMap<string, LumaCallback>): Promise<Set<string>> {
    const ids = [...firsts.keys()].toSorted()
    const digests = ids.map((id) => firsts.get(id)?.digest ?? '')
    // Only what the statement asks for is done: without the count of what was told, nobody would be.
    const { rows } = await query(
      `WITH added AS (
         INSERT INTO ${schema}.seen (id, digest) SELECT id, decode(digest, 'hex') FROM unnest($1::uuid[], $2::text[]) AS given (id, digest)
         ON CONFLICT (id) DO NOTHING RETURNING id
       ), told AS (SELECT pg_notify($3, '') FROM added LIMIT 1)
       SELECT id FROM added WHERE (SELECT count(*) FROM told) >= 0`,
      [ids, digests, channelOf(schema)],
    )
    return new Set(rows.map(({ id }) => id as string))
  }

  /** The ids of those that are jobs now. A job can be there although its key was not, where somebody emptied our table. */
  async function insert(query: Query, callbacks: readonly (readonly [string, LumaCallback])[]): Promise<Set<string>> {
    const jobs = callbacks.map(([id, callback]) => ({ id, data: toData(callback), ...LASTING_JOB }))
    const inserted = await boss.insert(QUEUE, jobs, { db: { executeSql: query }, returnId: true })
    return new Set(inserted)
  }

  async function take(query: Query, firsts: ReadonlyMap<string, LumaCallback>): Promise<Taken> {
    const added = await remember(query, firsts)
    const news = [...firsts].filter(([id]) => added.has(id))
    const fresh = news.length > 0 ? await insert(query, news) : added
    const others = [...firsts.keys()].filter((id) => !added.has(id))
    const digests = others.length > 0 ? await digestsOf(query, others) : new Map<string, string>()
    await checkThere(
      query,
      [...firsts.keys()].filter((id) => !fresh.has(id) && !digests.has(id)),
    )
    return { fresh, digests }
  }

  async function recordAll(callbacks: readonly LumaCallback[]): Promise<Recorded[]> {
    const ids = callbacks.map(({ key }) => idOf(key))
    const firsts = new Map(callbacks.map((callback, index) => [ids[index]!, callback] as const).toReversed())
    const { fresh, digests } = await database.transaction((query) => take(query, firsts))
    return callbacks.map((callback, index) => {
      const id = ids[index]!
      if (ids.indexOf(id) === index && fresh.has(id)) return 'recorded'
      return (digests.get(id) ?? firsts.get(id)?.digest) === callback.digest ? 'duplicate' : 'conflict'
    })
  }

  async function digestsOf(query: Query, ids: readonly string[]): Promise<Map<string, string>> {
    const { rows } = await query(
      `SELECT id, encode(digest, 'hex') AS digest FROM ${schema}.seen WHERE id = ANY($1::uuid[])`,
      [ids],
    )
    return new Map(rows.map(({ id, digest }) => [id as string, digest as string]))
  }

  /** What is neither new nor seen before has to be a job whose key was forgotten. If it is not, nothing is committed. */
  async function checkThere(query: Query, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const { rows } = await query(`SELECT id FROM ${schema}.job WHERE name = $1 AND id = ANY($2::uuid[])`, [QUEUE, ids])
    const found = new Set(rows.map(({ id }) => id))
    const lost = ids.find((id) => !found.has(id))
    if (lost !== undefined) throw new Error(`${lost} was neither added nor found; is there a trigger, rule or policy?`)
  }

  return gather(recordAll, MOST, ({ raw }) => Math.max(1, raw.length / CHARACTERS))
}

/** What is notified when callbacks were recorded. */
export function channelOf(schema: string): string {
  return `luma_callbacks_${schema}`
}
