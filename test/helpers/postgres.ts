import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { postgresInbox } from '@luma-callback/postgres'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { PATIENCE } from './patience.ts'
import { freePort } from './ports.ts'
import { startServer, type ServerProcess } from './server-process.ts'

export interface PostgresServer {
  url: string
  port: number
  /** Starts it again, with the data that it had written. */
  start(): Promise<void>
  kill(): Promise<void>
}

/** Takes what is to be done at the end. */
export type OnFinished = (end: () => Promise<void>) => void

/** The folder of Postgres's programs, where it is installed. */
const programs = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  ...(existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [])
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => `/usr/lib/postgresql/${version}/bin`),
].find((folder) => existsSync(join(folder, 'initdb')))

/** Postgres refuses to run as root; then it runs as the user that its package has made, or as nobody. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  for (const user of ['postgres', 'nobody']) {
    try {
      const idOf = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }))
      return { uid: idOf('-u'), gid: idOf('-g') }
    } catch {
      // There is no such user.
    }
  }
  return {}
}

/** A server of the test's own that can be killed, with Postgres's defaults; a program that is no test hands in its own end. */
export async function startPostgres(onFinished: OnFinished = onTestFinished): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-postgres-'))
  const user = unprivileged()
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid)
  const data = join(folder, 'data')
  const options = { ...user, cwd: folder, stdio: 'pipe' } as const
  execFileSync(join(programs ?? '', 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], options)
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let server: ServerProcess | undefined

  async function start(): Promise<void> {
    // What a killed one left behind tells the next that it still runs, if another program has its number by now.
    rmSync(join(data, 'postmaster.pid'), { force: true })
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder]
    server = await startServer(join(programs ?? '', 'postgres'), args, {
      ...user,
      cwd: folder,
      answers: () => answers(url),
    })
  }

  async function kill(): Promise<void> {
    await server?.kill()
  }

  await start()
  onFinished(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  })
  return { url, port, start, kill }
}

/** Whether a Postgres answers there. */
export async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

const named = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const found = (await answers(named)) ? named : undefined

/** Whether tests can start a server of their own. */
export const hasPostgresServer: boolean = programs !== undefined
export const hasPostgres: boolean = found !== undefined || hasPostgresServer
/** What a title says of tests that are left out. */
export const postgresReason: string = hasPostgres
  ? ''
  : ' (left out: no Postgres; start one, name it in DATABASE_URL, or install postgresql)'
export const postgresServerReason: string = hasPostgresServer ? '' : ' (left out: they need initdb of Postgres)'

let schemas = 0

/** A schema of the test's own, on the server that tests share; it goes with the test. */
export async function postgresNamespace(): Promise<{ url: string; schema: string; tearDown: () => Promise<void> }> {
  const url = found ?? (await startPostgres()).url
  const schema = `luma_test_${process.pid}_${++schemas}`
  return {
    url,
    schema,
    async tearDown() {
      const client = new pg.Client(url)
      await client.connect()
      await client.query('SET client_min_messages = warning')
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await client.end()
    },
  }
}

/** An inbox of the test's own, closed when it ends. It fails on no machine for being slow. */
export function openPostgresInbox(
  url: string,
  options: Parameters<typeof postgresInbox>[1] = {},
): ReturnType<typeof postgresInbox> {
  const inbox = postgresInbox(url, { pollInterval: 50, timeout: PATIENCE.timeout, ...options })
  onTestFinished(() => inbox.close({ timeout: 0 }))
  return inbox
}
