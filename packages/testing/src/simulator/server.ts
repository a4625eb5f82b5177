import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Api, Envelope } from './api.ts'
import { readBody } from './body.ts'
import { answerFile, type FileAnswers } from './file-answer.ts'

/** One mebibyte, far more than any real call has. */
const BODY_LIMIT = 1024 ** 2

/**
 * Starts to listen. Requests wait until `serve` is called.
 *
 * @throws Error that names the port and says what to do.
 */
export async function listen(port: number, host: string): Promise<Server> {
  const server = createServer()
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const reason = isTaken
      ? `port ${port} of ${host} is in use; choose another, or 0 for a free one`
      : `cannot listen on port ${port} of ${host}: ${(cause as Error).message}`
    throw new Error(`startSimulator: ${reason}`, { cause })
  }
  return server
}

/** The URL of a server on this host, for clients on the same machine. */
export function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** Answers requests: paths of files with the file, all others as the API. */
export function serve(server: Server, api: Api, fileAnswers: FileAnswers): void {
  server.on('request', (request, response) => {
    const { pathname, searchParams } = parseTarget(request.url ?? '/')
    if (/^\/[ld]\//.test(pathname)) return answerFile(request, response, { ...fileAnswers, path: pathname })
    void answerCall(request, response, { api, path: pathname, query: searchParams })
  })
}

interface CallAnswer {
  api: Api
  path: string
  query: URLSearchParams
}

async function answerCall(request: IncomingMessage, response: ServerResponse, { api, path, query }: CallAnswer) {
  const { method = '', headers } = request
  const read = await readBody(request, BODY_LIMIT)
  // The client is gone, and a partial body is not a task.
  if (read === 'broken off') return
  const body = read === 'too large' ? undefined : read.text
  answerJson(response, api.answer({ method, path, query, authorization: headers.authorization, body }))
}

function answerJson(response: ServerResponse, envelope: Envelope): void {
  const text = JSON.stringify(envelope)
  // Node reads and drops the rest of a body that is too large. Closing the connection while the client still writes could
  // lose the answer.
  response.writeHead(envelope.code === 413 ? 413 : 200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

/** The path as it was sent, with dots unresolved: it is only a key for lookups. */
function parseTarget(target: string): { pathname: string; searchParams: URLSearchParams } {
  const [pathname = '', ...query] = target.split('?')
  return { pathname, searchParams: new URLSearchParams(query.join('?')) }
}
