// Set-ups of Postgres as they are met with, and what comes of callbacks in each.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresConnection } from '@luma-callback/postgres'
import pg from 'pg'
import { hasPgbouncer, startPgbouncer } from '../helpers/pgbouncer.ts'
import type { OnFinished, PostgresServer } from '../helpers/postgres.ts'

/** What a set-up is made on. */
interface Ground {
  server: PostgresServer
  /** Not there yet. */
  schema: string
  /** Asks the server as its owner. */
  ask: (text: string) => Promise<unknown>
  onFinished: OnFinished
}

/** What a set-up is made of. */
interface Made {
  connection: PostgresConnection
  /** Happens while callbacks come, and is over when it resolves. It is told when one was refused meanwhile. */
  trouble?: (untilRefused: () => Promise<void>) => Promise<void>
}

export interface Setup {
  name: string
  /** What it needs and is not there. */
  missing?: string | undefined
  /** Whether callbacks are refused for a while. */
  refuses?: boolean
  make(ground: Ground): Promise<Made>
}

/** A pool of the user's, by options that @types/pg does not know all of. */
function poolOf({ server, onFinished }: Ground, options: pg.PoolConfig & { binary?: boolean }): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.url, max: 6, ...options })
  pool.on('error', () => {})
  onFinished(() => pool.end())
  return pool
}

const pooler = (mode: 'session' | 'transaction'): Setup => ({
  name: `PgBouncer, by ${mode}`,
  missing: hasPgbouncer ? undefined : 'pgbouncer',
  make: async ({ server, onFinished }) => ({
    connection: await startPgbouncer({ port: server.port, mode }, onFinished),
  }),
})

const asBuffers = { getTypeParser: () => (value: string) => Buffer.from(value) } as unknown as pg.CustomTypesConfig

export const setups: readonly Setup[] = [
  { name: 'a URL', make: async ({ server }) => ({ connection: server.url }) },
  { name: 'a Pool of three', make: async (ground) => ({ connection: poolOf(ground, { max: 3 }) }) },
  {
    name: 'a Pool with "binary"',
    make: async (ground) => ({ connection: poolOf(ground, { binary: true }) }),
  },
  {
    name: 'a Pool with parsers',
    make: async (ground) => ({ connection: poolOf(ground, { types: asBuffers }) }),
  },
  {
    name: 'settings of a session',
    make: async (ground) => {
      const options = '-c datestyle=German -c bytea_output=escape -c default_transaction_isolation=serializable'
      return { connection: poolOf(ground, { options }) }
    },
  },
  {
    name: 'a role with a schema',
    make: async ({ server, schema, ask }) => {
      await ask(
        `CREATE ROLE ${schema} LOGIN; CREATE SCHEMA ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${schema}`,
      )
      return { connection: server.url.replace('postgres@', `${schema}@`) }
    },
  },
  pooler('session'),
  pooler('transaction'),
  {
    name: 'connections cut',
    make: async ({ server, ask }) => ({
      connection: server.url,
      async trouble() {
        for (let cut = 0; cut < 5; cut++) {
          await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'luma-callback'`)
          await sleep(50)
        }
      },
    }),
  },
  {
    name: 'read-only for a while',
    refuses: true,
    make: async ({ server, ask }) => ({
      connection: server.url,
      async trouble(untilRefused) {
        await ask('ALTER SYSTEM SET default_transaction_read_only = on')
        await ask('SELECT pg_reload_conf()')
        await untilRefused()
        await ask('ALTER SYSTEM RESET default_transaction_read_only')
        await ask('SELECT pg_reload_conf()')
      },
    }),
  },
  {
    name: 'killed for a while',
    refuses: true,
    make: async ({ server }) => ({
      connection: server.url,
      async trouble(untilRefused) {
        await server.kill()
        await untilRefused()
        await server.start()
      },
    }),
  },
]
