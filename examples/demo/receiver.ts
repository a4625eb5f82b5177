import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A receiver that runs in a process of its own. */
export interface Receiver {
  url: string
  /** Resolves when it has said nothing for a moment: what it writes travels apart from what it answers. */
  quiet(): Promise<void>
  /** What it wrote since this was last called. */
  takeLines(): string[]
  /** All that it wrote. */
  allLines(): readonly string[]
  stop(): Promise<void>
}

const QUIET = 100
/** One that never falls silent is not waited for longer than this. */
const LONGEST_WAIT = 500

/** Starts a receiver on a free port and waits until it says where it listens. */
export async function startReceiver(options: { script: string; key: string; timeout: number }): Promise<Receiver> {
  const { script, key, timeout } = options
  const env = { ...process.env, PORT: '0', LUMA_WEBHOOK_KEY: key }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  // However this process ends, the receiver ends with it.
  process.once('exit', () => child.kill('SIGKILL'))
  const lines: string[] = []
  let taken = 0
  let spokeAt = Date.now()
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        const [, address] = /^listening on (http:\S+)/.exec(line) ?? []
        if (address) return resolve(address)
        lines.push(line)
        spokeAt = Date.now()
      })
    }
    // Not 'exit': only now has all been read that it wrote.
    child.once('close', () => reject(new Error(`the receiver ended before it listened: ${lines.join(' / ')}`)))
    setTimeout(() => reject(new Error(`the receiver did not listen within ${timeout} ms`)), timeout).unref()
  })

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const force = setTimeout(() => child.kill('SIGKILL'), 5_000)
    child.kill('SIGTERM')
    await exited
    clearTimeout(force)
  }

  try {
    return {
      url: await url,
      async quiet() {
        const end = Date.now() + LONGEST_WAIT
        do await new Promise((resolve) => setTimeout(resolve, QUIET))
        while (Date.now() - spokeAt < QUIET && Date.now() < end)
      },
      takeLines: () => lines.slice(taken, (taken = lines.length)),
      allLines: () => lines,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
