import type { DurableInbox } from '@luma-callback/core'
import { emptyPostgres, emptyRedis, ENGINES, isThere } from './engines.ts'

/** What keeps the callbacks of a watched receiver; in direct mode nothing does. */
export type InboxName = 'direct' | 'sqlite' | 'redis' | 'postgres'

export const LABELS: Readonly<Record<InboxName, string>> = {
  direct: 'direct',
  sqlite: 'SQLite',
  redis: 'Redis',
  postgres: 'Postgres',
}

// Others than those of throughput.ts, so that one does not empty what the other fills.
const PREFIX = '{luma-bench-watched}'
const SCHEMA = 'luma_bench_watched'

/** Only what is needed is loaded: how long a process takes to start is measured too. */
export async function openInbox(name: InboxName, file: string): Promise<DurableInbox | undefined> {
  switch (name) {
    case 'direct':
      return undefined
    case 'sqlite':
      return (await import('@luma-callback/sqlite')).sqliteInbox(file)
    case 'redis':
      return (await import('@luma-callback/redis')).redisInbox(ENGINES.redis, { prefix: PREFIX })
    case 'postgres':
      return (await import('@luma-callback/postgres')).postgresInbox(ENGINES.postgres, { schema: SCHEMA })
    default:
      return name satisfies never
  }
}

/** Leaves nothing in an engine. SQLite's file goes with its folder. */
export async function emptyInbox(name: InboxName): Promise<void> {
  if (name === 'redis') await emptyRedis(PREFIX)
  if (name === 'postgres') await emptyPostgres(SCHEMA)
}

/** Those of them that can be measured here; says which cannot. */
export async function presentOf(names: readonly InboxName[]): Promise<InboxName[]> {
  const present: InboxName[] = []
  for (const name of names) {
    if ((name !== 'redis' && name !== 'postgres') || (await isThere(name))) present.push(name)
  }
  const absent = names.filter((name) => !present.includes(name)).map((name) => LABELS[name])
  if (absent.length > 0) console.log(`left out, for it is not there: ${absent.join(', ')}\n`)
  return present
}
