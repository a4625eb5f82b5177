import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LoadOptions, Measured } from './load.ts'
import { BODY, newTask, now } from './tasks.ts'

const SCRIPT = fileURLToPath(new URL('requests.lua', import.meta.url))
/** More than any server here answers in a second. */
const HIGHEST_RATE = 40_000

export async function loadByWrk(url: string, { seconds, connections }: LoadOptions): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-wrk-'))
  const file = join(folder, 'requests.txt')
  try {
    writeFileSync(file, requestsFor(seconds * HIGHEST_RATE))
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
    const { stdout } = await promisify(execFile)('wrk', [...args, url], { env })
    const { errors, ...measured } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured & { errors: number }
    if (errors > 0) throw new Error(`${errors} requests failed or were not answered 200: ${stdout}`)
    return measured
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What requests.lua reads: the time, the body's two ends, and a line for each task. */
function requestsFor(count: number): string {
  const timestamp = now()
  const tasks = Array.from({ length: count }, () => {
    const { taskId, signature } = newTask(timestamp)
    return `${taskId} ${signature}`
  })
  return [timestamp, BODY.before, BODY.after, ...tasks].join('\n')
}
