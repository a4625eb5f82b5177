import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { PATIENCE, START } from './patience.ts'

/** A server of a test's own that can be killed. */
export interface ServerProcess {
  kill(): Promise<void>
}

/** Starts a server, and resolves when it answers; an error shows what it wrote. */
export async function startServer(
  command: string,
  args: readonly string[],
  { answers, ...options }: SpawnOptions & { answers: () => Promise<boolean> },
): Promise<ServerProcess> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let written = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (written = (written + text).slice(-10_000)))
  }
  const exited = once(child, 'exit')
  const latest = performance.now() + START
  while (!(await answers())) {
    if (hasEnded(child)) throw new Error(`${command} ended instead of starting: ${written}`)
    if (performance.now() > latest) throw new Error(`${command} did not answer in ${START} ms: ${written}`)
    await sleep(PATIENCE.interval)
  }
  return {
    async kill() {
      if (hasEnded(child)) return
      await killAll(child.pid ?? 0)
      await exited
    },
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** A process and those that it has started, at once: as if the machine had stopped. Resolves when the latter are gone. */
async function killAll(pid: number): Promise<void> {
  // So that it starts no more of them meanwhile.
  process.kill(pid, 'SIGSTOP')
  const children = childrenOf(pid)
  for (const one of [pid, ...children]) {
    try {
      process.kill(one, 'SIGKILL')
    } catch {
      // It had ended already.
    }
  }
  // Where a system does not tell which they are, they see that their parent is gone, and end.
  if (!existsSync('/proc/self/stat')) await sleep(500)
  while (children.some((one) => isAlive(one))) await sleep(10)
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** One that has ended and that nobody has asked for is in state Z. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
