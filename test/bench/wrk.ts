import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { atExit } from './at-exit.ts'
import type { LoadOptions, Measured } from './load.ts'
import { pinned } from './pinning.ts'
import type { Traffic } from './tasks.ts'
import { temporaryFolder } from './temporary.ts'

const SCRIPT = fileURLToPath(new URL('requests.lua', import.meta.url))
/** More than any server here answers in a second. */
const HIGHEST_RATE = 150_000

export async function loadByWrk(url: string, { seconds, connections, traffic }: LoadOptions): Promise<Measured> {
  const folder = temporaryFolder()
  const file = join(folder.path, 'requests.txt')
  try {
    writeFileSync(file, requestsFor(traffic, seconds * HIGHEST_RATE))
    const args = [
      '--timeout',
      '30s',
      '--threads',
      '1',
      '--connections',
      String(connections),
      '--duration',
      `${seconds}s`,
      '--script',
      SCRIPT,
    ]
    const env = { ...process.env, LUMA_REQUESTS: file }
    const run = promisify(execFile)(...pinned('generator', 'wrk', [...args, url]), { env })
    atExit(() => run.child.kill())
    const { stdout } = await run
    const { errors, ...measured } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured & { errors: number }
    if (errors > 0) throw new Error(`${errors} requests failed or were not answered 200: ${stdout}`)
    return measured
  } finally {
    folder.remove()
  }
}

/** What requests.lua reads: the headers, the body's two ends, and a line for each task. */
function requestsFor({ headers, before, after, next }: Traffic, count: number): string {
  const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const tasks = next ? Array.from({ length: count }, next).map(({ taskId, signature }) => `${taskId} ${signature}`) : []
  return [named.join(' '), before, after, ...tasks].join('\n')
}
