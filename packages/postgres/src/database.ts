import { Socket } from 'node:net'
import { systemClock, within } from '@luma-callback/core/internal'
import pg from 'pg'
import { runStatement, SILENCE, type Rows } from './statement.ts'

/** Where Postgres is: a URL such as `postgres://user:password@host:5432/database`, or a pool of yours. */
export type PostgresConnection = string | pg.Pool

/** Rows of a statement. */
export type Query = (text: string, values?: unknown[]) => Promise<Rows>

/** The way to a database. */
export interface Database {
  query: Query
  /** For what may take its time: making tables, keeping them in order. */
  patientQuery: Query
  /** Does all or nothing. What it does may be done twice, of which only the second one counts. */
  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result>
  patientTransaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result>
  /** A connection for oneself, to be released. */
  connect(): Promise<pg.PoolClient>
  /** Ends what was opened here, within a few seconds; a pool that was passed in is left alone. */
  close(): Promise<void>
}

/** As long as SILENCE, for what may take its time. */
const LONG_SILENCE = 60_000
/** Milliseconds that connections have to say goodbye. */
const GOODBYE = 1_000
/** Connections to one database: one listens, one records, the others look after jobs. */
const CONNECTIONS = 5
/** With fewer, those who hold a connection would wait for each other. */
const LEAST_CONNECTIONS = 3
/** Postgres's codes for a deadlock, and for what an isolation level of the user's choice does not let through. */
const TRY_AGAIN = new Set(['40P01', '40001'])
const MOST_TRIES = 5

/**
 * Nothing is connected before the first statement.
 *
 * @throws TypeError if it is neither a URL nor a pool with room for three connections.
 */
export function openDatabase(caller: string, connection: PostgresConnection): Database {
  const sockets = new Set<Socket>()
  const pool = typeof connection === 'string' ? ownPool(caller, connection, sockets) : connection
  checkPool(caller, pool)
  // An idle connection that ends is no reason for the process to end; the next statement opens another one.
  const ignore = (): void => {}
  pool.on('error', ignore)

  /** A pool of the user's may wait for ever. */
  async function connect(): Promise<pg.PoolClient> {
    const connecting = checkOut()
    try {
      return await within(
        () => connecting,
        SILENCE,
        () => new Error('no connection in time'),
        systemClock,
      )
    } catch (error) {
      connecting.then(giveBack, () => {})
      throw error
    }
  }

  /**
   * A client out of the pool, which may end without anyone asking. By callback, for that is called before anything else
   * is read: where Postgres says that it goes in the same packet as its greeting, a promise would come too late, and an
   * error that nobody listens for ends the process.
   */
  function checkOut(): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      pool.connect((error, client) => {
        client?.on('error', ignore)
        if (client) resolve(client)
        else reject(error ?? new Error('the pool gave no connection'))
      })
    })
  }

  function giveBack(client: pg.PoolClient): void {
    client.off('error', ignore)
    client.release()
  }

  async function onClient<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await connect()
    try {
      const result = await work(client)
      giveBack(client)
      return result
    } catch (error) {
      // Whatever state it is in, nobody else shall have it.
      client.release(true)
      throw error
    }
  }

  const query =
    (silence: number): Query =>
    (text, values) =>
      persistently(() => onClient((client) => runStatement(client, text, values, silence)))

  const transaction =
    (silence: number): Database['transaction'] =>
    (work) =>
      persistently(() =>
        onClient(async (client) => {
          // Whatever the user's default is: who waited for another transaction has to see what it did.
          await runStatement(client, 'BEGIN ISOLATION LEVEL READ COMMITTED')
          const result = await work((text, values) => runStatement(client, text, values, silence))
          await runStatement(client, 'COMMIT')
          return result
        }),
      )

  return {
    query: query(SILENCE),
    patientQuery: query(LONG_SILENCE),
    transaction: transaction(SILENCE),
    patientTransaction: transaction(LONG_SILENCE),
    connect,
    async close() {
      if (pool === connection) {
        pool.off('error', ignore)
        return
      }
      await within(
        () => pool.end(),
        GOODBYE,
        () => new Error('no goodbye'),
        systemClock,
      ).catch(() => {})
      // Where nobody answers they would keep the process alive.
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function persistently<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries === MOST_TRIES || !TRY_AGAIN.has((error as { code?: string }).code ?? '')) throw error
    }
  }
}

function ownPool(caller: string, url: string, sockets: Set<Socket>): pg.Pool {
  if (!/^postgres(?:ql)?:\/\//.test(url) || !isReadable(url)) throw notAConnection(caller)
  return new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: SILENCE,
    keepAlive: true,
    application_name: 'luma-callback',
    stream() {
      const socket = new Socket()
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
  })
}

/** What cannot be read is told now, and in words of ours: an error of pg's would have the URL with it, and its password. */
function isReadable(url: string): boolean {
  try {
    void new pg.Client({ connectionString: url })
    return true
  } catch {
    return false
  }
}

function checkPool(caller: string, pool: Partial<pg.Pool> | undefined): asserts pool is pg.Pool {
  if (typeof pool?.connect !== 'function' || typeof pool.on !== 'function') throw notAConnection(caller)
  const max = pool.options?.max ?? LEAST_CONNECTIONS
  if (max < LEAST_CONNECTIONS) {
    throw new TypeError(`${caller}: the Pool must have room for ${LEAST_CONNECTIONS} connections, its "max" is ${max}`)
  }
}

function notAConnection(caller: string): TypeError {
  return new TypeError(`${caller}: give it a URL that begins with postgres:// or postgresql://, or a Pool of pg`)
}
