import type { LumaAnswer } from '@luma-callback/core'
import type { ServerResponse } from 'node:http'

/** The answers for hosts without a `next()`. */
export const notFound: LumaAnswer = rejection(404, 'not_found', 'this address does not receive callbacks')
export const failed: LumaAnswer = rejection(500, 'error', 'the receiver failed; see its log')

function rejection(status: number, error: string, message: string): LumaAnswer {
  const body = JSON.stringify({ status: 'rejected', error, message })
  const length = String(Buffer.byteLength(body))
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': length }, body }
}

/** Writes the answer, unless something else, such as a timeout middleware, has answered already. */
export function write(response: ServerResponse, { status, headers, body }: LumaAnswer): void {
  if (response.headersSent) return
  if (typeof response.writeHead !== 'function' || typeof response.end !== 'function') {
    return writeToMock(response, { status, headers, body })
  }
  response.writeHead(status, headers)
  response.end(body)
}

/** A mock of Express's response in a user's test, which has only some of its methods. */
interface MockResponse {
  statusCode?: unknown
  status?(code: number): unknown
  setHeader?(name: string, value: string): unknown
  set?(name: string, value: string): unknown
  end?(body: string): unknown
  send?(body: string): unknown
  json?(body: unknown): unknown
}

function writeToMock(response: MockResponse, { status, headers, body }: LumaAnswer): void {
  response.statusCode = status
  response.status?.(status)
  for (const [name, value] of Object.entries(headers)) {
    if (response.setHeader) response.setHeader(name, value)
    else response.set?.(name, value)
  }
  if (response.end) response.end(body)
  else if (response.send) response.send(body)
  else if (response.json) response.json(JSON.parse(body))
  else throw new TypeError('lumaCallback was given a response that has neither end(), send() nor json()')
}
