import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { loadByAutocannon } from './autocannon.ts'
import { pinned } from './pinning.ts'
import type { Traffic } from './tasks.ts'
import { loadByWrk } from './wrk.ts'

export interface Measured {
  /** Answers a second. */
  rate: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export interface LoadOptions {
  seconds: number
  connections: number
  traffic: Traffic
}

/** However the run ends, no server outlives it. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a server from ./servers in a process of its own, with a production environment. */
export async function startServer(
  name: string,
  args: readonly string[] = [],
): Promise<{ url: string; child: ChildProcess }> {
  const script = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url))
  const [command, all] = pinned('server', process.execPath, [script, ...args])
  const child = spawn(command, all, {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    child.once('message', (message) => resolve(message as AddressInfo))
    child.once('exit', () => reject(new Error(`the server ${name} ended before it listened`)))
  })
  return { url: `http://127.0.0.1:${port}/luma-modify-callback`, child }
}

/** What the load comes from: wrk where it is installed, for it takes the least of the machine for itself. */
export const GENERATOR: 'wrk' | 'autocannon' = isInstalled('wrk') ? 'wrk' : 'autocannon'

/** Sends requests for `seconds`; fails if any is answered otherwise than 2xx. */
export function load(url: string, options: LoadOptions): Promise<Measured> {
  return GENERATOR === 'wrk' ? loadByWrk(url, options) : loadByAutocannon(url, options)
}

function isInstalled(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch (error) {
    // It is there, and ends with a code of its own.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** The most memory that a process took, in MB; undefined where the system does not tell. */
export function peakMemory({ pid }: ChildProcess): number | undefined {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? undefined : Math.round((Number(kilobytes) * 1_024) / 1e6)
  } catch {
    return undefined
  }
}
