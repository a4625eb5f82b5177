import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { ROOT } from './child.ts'

export const CLI = 'packages/cli/dist/bin.js'

export interface Ended {
  /** Its exit code, or the signal that ended it. */
  code: number | string | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Record<string, string>
  /** Its standard input. */
  input?: string | Uint8Array
  /** Sends it this signal as soon as its output holds the text. */
  end?: { signal: NodeJS.Signals; after: string }
}

/** Runs the built command line in a pipe, without anything in its environment that it would look at. */
export async function run(args: readonly string[], { env = {}, input = '', end }: RunOptions = {}): Promise<Ended> {
  const {
    NO_COLOR: _1,
    FORCE_COLOR: _2,
    LUMA_WEBHOOK_KEY: _3,
    LUMA_INBOX: _4,
    LUMA_API_KEY: _5,
    LUMA_API_URL: _6,
    ...clean
  } = process.env
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, env: { ...clean, ...env } })
  let shown = `luma-callback ${args.join(' ')} has not ended`
  onTestFinished(({ task }) => {
    child.kill('SIGKILL')
    if (task.result?.state === 'fail') console.error(shown)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  if (end) {
    let written = ''
    const look = (part: string): void => {
      written += part
      if (!written.includes(end.after)) return
      child.stdout.off('data', look)
      child.kill(end.signal)
    }
    child.stdout.setEncoding('utf8').on('data', look)
  }
  const closed = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  shown = `luma-callback ${args.join(' ')} ended with ${code} and wrote:\n${stdout}${stderr}`
  return { code, stdout, stderr }
}

/** What `--json` printed, a document a line. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
