import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A receiver that runs in a process of its own. */
export interface Receiver {
  url: string
  port: number
  /** Resolves when it has said nothing for a moment: what it writes travels apart from what it answers. */
  quiet(): Promise<void>
  /** What it wrote since this was last called. */
  takeLines(): string[]
  /** Ends it as a crash would. */
  kill(): Promise<void>
  stop(): Promise<void>
}

const QUIET = 100
/** One that never falls silent is not waited for longer than this. */
const LONGEST_WAIT = 500

/**
 * Starts a receiver, on a free port if that is 0, and waits until it says where it listens. It finds the webhook key in
 * LUMA_WEBHOOK_KEY, the file for its inbox in LUMA_INBOX, where videos go in LUMA_VIDEOS, and whom its hooks tell in
 * NOTIFY_URL.
 */
export async function startReceiver(options: {
  script: string
  env: Record<string, string>
  port: number
  timeout: number
}): Promise<Receiver> {
  const { script, port, timeout } = options
  const env = { ...process.env, PORT: String(port), ...options.env }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  // Not 'exit': only now has all been read that it wrote.
  const ended = once(child, 'close')
  // However this process ends, the receiver ends with it, and before its files are removed.
  process.prependOnceListener('exit', () => child.kill('SIGKILL'))
  const lines: string[] = []
  let spokeAt = Date.now()
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (text) => {
        const line = readable(text)
        const [, address] = /^listening on (http:\S+)/.exec(line) ?? []
        if (address) return resolve(address)
        lines.push(line)
        spokeAt = Date.now()
      })
    }
    child.once('close', () => reject(new Error(`the receiver ended before it listened: ${lines.join(' / ')}`)))
    setTimeout(() => reject(new Error(`the receiver did not listen within ${timeout} ms`)), timeout).unref()
  })

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const force = setTimeout(() => child.kill('SIGKILL'), 5_000)
    child.kill(signal)
    await ended
    clearTimeout(force)
  }

  try {
    const address = await url
    return {
      url: address,
      port: Number(new URL(address).port),
      async quiet() {
        const latest = Date.now() + LONGEST_WAIT
        do await new Promise((resolve) => setTimeout(resolve, QUIET))
        while (Date.now() - spokeAt < QUIET && Date.now() < latest)
      },
      takeLines: () => lines.splice(0),
      kill: () => end('SIGKILL'),
      stop: () => end('SIGTERM'),
    }
  } catch (error) {
    await end('SIGTERM')
    throw error
  }
}

/** A line of log as people read it; of a structured one the first line of its message. */
function readable(line: string): string {
  return (messageOf(line) ?? line).replace(/^luma-callback: /, '').split('\n')[0] ?? ''
}

function messageOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown }
    return typeof msg === 'string' ? msg : undefined
  } catch {
    return undefined
  }
}
