import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { loadByAutocannon } from './autocannon.ts'
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
}

/** Starts a server from ./servers in a process of its own, with a production environment. */
export async function startServer(
  name: string,
  args: readonly string[] = [],
): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(new URL(`servers/${name}.ts`, import.meta.url), args, {
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    child.once('message', (message) => resolve(message as AddressInfo))
    child.once('exit', () => reject(new Error(`the server ${name} ended before it listened`)))
  })
  return { url: `http://127.0.0.1:${port}/luma-modify-callback`, child }
}

/** What the load comes from: wrk where it is installed, for it takes the least of the machine for itself. */
export const GENERATOR: 'wrk' | 'autocannon' = isInstalled('wrk') ? 'wrk' : 'autocannon'

/** Sends signed callbacks, each of a task of its own, for `seconds`; fails if any is answered otherwise than 200. */
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
