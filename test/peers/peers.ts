import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../helpers/ports.ts'

/** A receiver written as the provider's page shows it. */
export interface Peer {
  name: string
  /** What has to be installed for it, or undefined if all is there. */
  missing: string | undefined
  command: (port: number) => readonly [command: string, ...args: string[]]
}

const START = 60_000
const BEFORE_RESTART = 100

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
// The first that has both; the machine's own may stand behind another one on the PATH.
const python = ['python3', '/usr/bin/python3'].find((command) => runs(command, '-c', 'import flask, requests'))

export const peers: readonly Peer[] = [
  { name: 'Node (Express)', missing: undefined, command: () => [process.execPath, file('express.cjs')] },
  {
    name: 'Python (Flask)',
    missing: python === undefined ? 'python3-flask and python3-requests' : undefined,
    command: () => [python ?? 'python3', file('flask_receiver.py')],
  },
  {
    name: 'PHP',
    missing: runs('php', '--version') ? undefined : 'php-cli',
    command: (port) => ['php', '-S', `127.0.0.1:${port}`, file('receiver.php')],
  },
]

export interface RunningPeer {
  url: string
  probe: string
  close: () => Promise<void>
}

/** Starts a peer in a folder of its own, and again whenever it crashes, as a supervisor in production would. */
export async function startPeer({ name, command }: Peer): Promise<RunningPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-peer-'))
  const port = await freePort()
  const [program, ...args] = command(port)
  const env = { ...process.env, PORT: String(port), PHP_CLI_SERVER_WORKERS: '4' }
  let child: ChildProcess
  let isClosed = false

  function start(): void {
    // A group of its own: PHP's workers are children of the one that is started here.
    child = spawn(program, args, { cwd: folder, env, stdio: 'ignore', detached: true })
    child.once('close', () => !isClosed && setTimeout(() => !isClosed && start(), BEFORE_RESTART))
  }

  async function close(): Promise<void> {
    isClosed = true
    const ended = once(child, 'close')
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL')
      await ended
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }

  start()
  for (const latest = Date.now() + START; !(await accepts(port)); await sleep(50)) {
    if (Date.now() < latest) continue
    await close()
    throw new Error(`${name} did not listen within ${START} ms`)
  }
  const base = `http://127.0.0.1:${port}`
  return { url: `${base}/luma-modify-callback`, probe: `${base}/probe`, close }
}

function runs(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: START })
    return true
  } catch {
    return false
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
