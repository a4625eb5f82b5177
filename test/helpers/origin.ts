import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { DownloadError, SaveUrlOptions } from '@luma-callback/download'
import { listen } from './servers.ts'

/** A file as a server has it. */
export interface OriginFile {
  body: Buffer
  etag?: string
  lastModified?: string
  headers?: Record<string, string>
}

/** What a test does to one answer. */
export interface Fault {
  /** The connection is cut after so many bytes of the body. */
  cutAfter?: number
  /** Nothing more comes after so many bytes. */
  stallAfter?: number
}

export interface Origin {
  url: string
  /** Every request, in order. */
  requests: IncomingMessage[]
}

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** A server for files on loopback; `count` is the number of the request, from 1. */
export async function startOrigin(answer: Answer): Promise<Origin> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response, requests.length)
  })
  const { url } = await listen(server)
  return { url: `${url}/video.mp4`, requests }
}

/** Answers as RFC 9110 says, `Range` and `If-Range` included, but for the fault. */
export function serve(request: IncomingMessage, response: ServerResponse, file: OriginFile, fault: Fault = {}): void {
  const { body, etag, lastModified, headers } = file
  const { range, 'if-range': ifRange } = request.headers
  const validators = { ...(etag && { etag }), ...(lastModified && { 'last-modified': lastModified }) }
  const [, from] = /^bytes=(\d+)-$/.exec(range ?? '') ?? []
  const isSame = ifRange === undefined || ifRange === etag || ifRange === lastModified
  const start = from !== undefined && isSame ? Number(from) : undefined
  if (start !== undefined && start >= body.length) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end()
    return
  }
  const part = body.subarray(start ?? 0)
  const described = { 'content-length': part.length, 'content-type': 'video/mp4', ...validators, ...headers }
  if (start === undefined) response.writeHead(200, described)
  else {
    const contentRange = `bytes ${start}-${body.length - 1}/${body.length}`
    response.writeHead(206, { ...described, 'content-range': contentRange })
  }
  if (fault.cutAfter !== undefined) response.write(part.subarray(0, fault.cutAfter), () => response.destroy())
  else if (fault.stallAfter !== undefined) response.write(part.subarray(0, fault.stallAfter))
  else response.end(part)
}

/** A video of so many bytes, of which no two stretches are alike. */
export function videoOf(size: number, kind: 'mp4' | 'mov' | 'avi' = 'mp4'): Buffer {
  const head = { mp4: '\0\0\0\u0018ftypisom', mov: '\0\0\0\u0014ftypqt  ', avi: 'RIFF\u0010\0\0\0AVI ' }[kind]
  const body = Buffer.alloc(size)
  for (let at = 0; at + 4 <= size; at += 4) body.writeUInt32LE(Math.imul(at + 1, 2654435761) >>> 0, at)
  body.write(head, 'latin1')
  return body
}

export function sha256Of(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}

/** A directory of the test's own. */
export function newDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'luma-download-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

/** What loopback asks for, and pauses that a test can wait for. */
export function local(to: SaveUrlOptions['to']) {
  return {
    to,
    allowHttp: true,
    allowPrivate: true,
    retry: { attempts: 5, minDelay: 1, maxDelay: 20 },
  } satisfies SaveUrlOptions
}

export async function failure(saving: Promise<unknown>): Promise<DownloadError> {
  return saving.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as DownloadError,
  )
}

/** What somebody who looks into the directory sees; what a save may go on with is hidden. */
export function visible(directory: string): string[] {
  return readdirSync(directory).filter((name) => !name.startsWith('.'))
}
