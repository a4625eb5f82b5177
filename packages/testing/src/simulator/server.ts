import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Api, Envelope } from './api.ts'
import { readBody } from './body.ts'
import { answerFile, type FileAnswers } from './file-answer.ts'

/** A megabyte; no field of a call comes near it. */
const BODY_LIMIT = 1024 ** 2

/**
 * Listens, and answers nothing yet.
 *
 * @throws Error in one message that says which port and what to do.
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

/** Where a server on this host can be reached from the same machine. */
export function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** Answers from now on: files by their paths, everything else as the API. */
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
  // Nobody is there any more to be answered, and what was submitted in part is no task.
  if (read === 'broken off') return
  const body = read === 'too large' ? undefined : read.text
  answerJson(response, api.answer({ method, path, query, authorization: headers.authorization, body }))
}

function answerJson(response: ServerResponse, envelope: Envelope): void {
  const text = JSON.stringify(envelope)
  // What is left of a body that is too large Node reads and drops: a connection that is closed while the other
  // side still writes could take the answer with it.
  response.writeHead(envelope.code === 413 ? 413 : 200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

/** The path as it was sent, without dots being resolved: it is only ever looked up. */
function parseTarget(target: string): { pathname: string; searchParams: URLSearchParams } {
  const [pathname = '', ...query] = target.split('?')
  return { pathname, searchParams: new URLSearchParams(query.join('?')) }
}
