import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { atExit } from './at-exit.ts'
import { pinned } from './pinning.ts'
import { temporaryFolder } from './temporary.ts'

const LEASH = new URL('leash.ts', import.meta.url).href

/** Starts a server from ./servers in a process of its own, with a production environment, and waits until it listens. */
export async function startServer(
  name: string,
  args: readonly string[] = [],
): Promise<{ url: string; child: ChildProcess }> {
  const child = spawnServer(name, args)
  return { url: await urlOf(child), child }
}

/** The same without the wait. However the run ends, no server outlives it, nor does what one puts into its temporary folder. */
export function spawnServer(name: string, args: readonly string[]): ChildProcess {
  const folder = temporaryFolder()
  const script = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url))
  const [command, all] = pinned('server', process.execPath, ['--import', LEASH, script, ...args])
  const child = spawn(command, all, {
    env: { ...process.env, NODE_ENV: 'production', TMPDIR: folder.path },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // Registered after the folder, so that it is gone before the folder goes.
  atExit(() => child.kill('SIGKILL'))
  child.once('exit', folder.remove)
  return child
}

/** Where it takes callbacks; it says so once it listens. */
export async function urlOf(child: ChildProcess): Promise<string> {
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    child.on('message', function look(message: object) {
      if (!('port' in message)) return
      child.off('message', look)
      resolve(message as AddressInfo)
    })
    child.once('exit', () => reject(new Error(`a server ended before it listened: ${child.spawnargs.join(' ')}`)))
  })
  return `http://127.0.0.1:${port}/luma-modify-callback`
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
