import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { check } from './report.ts'

const SIZE = 12_000_000
/** Bytes that the first answer gets to before its connection breaks off. */
const CUT_AFTER = 8_000_000
/** Bytes a step, and milliseconds between steps. */
const STEP = 400_000
const PAUSE = 10

/** A video as large as real ones are, saved by the command line, over a connection that breaks off in the middle. */
export async function showLargeFile(directory: string): Promise<void> {
  const video = Buffer.alloc(SIZE, 'a fox in the snow ')
  video.write('\0\0\0\u0018ftypisom', 'latin1')
  const server = createServer((request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const headers = { 'content-length': SIZE - from, 'content-type': 'video/mp4', etag: '"fox"' }
    const range = { 'content-range': `bytes ${from}-${SIZE - 1}/${SIZE}` }
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...headers, ...range } : headers)
    drip(response, video, from, from > 0 ? SIZE : CUT_AFTER)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fox.mp4`
    const { output, code } = await download(url, directory)
    const sha256 = createHash('sha256').update(video).digest('hex')
    check({
      holds: code === 0 && output.includes('resumed') && output.includes(sha256),
      sentence: `A connection breaks in a video of ${SIZE / 1e6} MB: luma-callback download resumes it, and it is whole.`,
      trouble: `the video should have been resumed and be whole, with the sha256 ${sha256}`,
      log: output.trimEnd().split('\n'),
    })
    const [, path] = /saved +(\S+)/.exec(output) ?? []
    // Not of any task.
    if (path !== undefined) rmSync(path)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** Sends bytes `from` up to `until`, and then ends, or cuts the connection if that is not all. */
function drip(response: ServerResponse, video: Buffer, from: number, until: number): void {
  if (response.destroyed) return
  if (from >= until) return void (until === video.length ? response.end() : response.destroy())
  const next = Math.min(until, from + STEP)
  response.write(video.subarray(from, next), () => setTimeout(() => drip(response, video, next, until), PAUSE))
}

async function download(url: string, directory: string): Promise<{ output: string; code: number | null }> {
  const cli = join(fileURLToPath(import.meta.resolve('luma-callback/package.json')), '..', 'dist', 'bin.js')
  const args = [cli, 'download', url, '--to', directory, '--allow-http', '--allow-private']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  process.prependOnceListener('exit', () => child.kill('SIGKILL'))
  const ended = once(child, 'close') as Promise<[number | null]>
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { output: output + errors, code }
}
