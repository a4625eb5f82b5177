import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers, unprivileged, type OnFinished } from './postgres.ts'
import { freePort } from './ports.ts'
import { startServer } from './server-process.ts'

export const hasPgbouncer: boolean = isThere()

function isThere(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

interface PgbouncerOptions {
  /** Where Postgres is. */
  port: number
  mode: 'session' | 'transaction'
}

/** A pooler of the test's own in front of a Postgres; resolves with the URL of what it pools. */
export async function startPgbouncer({ port, mode }: PgbouncerOptions, onFinished: OnFinished): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-pgbouncer-'))
  chmodSync(folder, 0o755)
  const own = await freePort()
  const users = join(folder, 'users.txt')
  const settings = join(folder, 'pgbouncer.ini')
  writeFileSync(users, '"postgres" ""\n')
  writeFileSync(
    settings,
    `[databases]
postgres = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = ${mode}
`,
  )
  const url = `postgres://postgres@127.0.0.1:${own}/postgres`
  // It refuses to run as root, as Postgres does.
  const server = await startServer('pgbouncer', [settings], {
    ...unprivileged(),
    cwd: folder,
    answers: () => answers(url),
  })
  onFinished(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return url
}
