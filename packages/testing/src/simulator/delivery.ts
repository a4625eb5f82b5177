import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Manner } from './plan.ts'

export interface Outgoing {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
  manner: Manner
  /** The time that the receiver has to answer, in milliseconds. */
  timeout: number
  /** Cuts the delivery off. */
  signal: AbortSignal
}

/** The outcome of a delivery: a status or an error. */
export interface Result {
  status: number | undefined
  error: string | undefined
  /** The beginning of the answer's body. */
  answer: string
}

/** The bytes of an answer that are read. Waiting for more is not worth it. */
const MOST_ANSWER = 1_000
const DRIPS = 20

/**
 * Posts a callback on its own connection, and follows no redirect. Never rejects. Only the status counts: an answer that breaks
 * off or does not end keeps the status that it began with.
 */
export function deliver(outgoing: Outgoing): Promise<Result> {
  const result = new Promise<Result>((resolve) => post(outgoing, resolve))
  // Node throws for a URL whose user name cannot be decoded.
  return result.catch((error: unknown) => ({ status: undefined, error: String(error), answer: '' }))
}

function post({ url, headers, body, manner, timeout, signal }: Outgoing, resolve: (result: Result) => void): void {
  const bytes = Buffer.from(body)
  const answer: Buffer[] = []
  let size = 0
  let status: number | undefined

  const open = url.startsWith('https:') ? requestHttps : requestHttp
  const request = open(url, {
    method: 'POST',
    // A kept connection may be closed by the receiver at any time, and the delivery would fail for no good reason.
    agent: false,
    headers: { ...headers, 'content-length': bytes.length },
  })
  const timer = setTimeout(() => end(`no answer within ${timeout} ms`), timeout)
  signal.addEventListener('abort', abort, { once: true })
  request.on('error', ({ message, code }: NodeJS.ErrnoException) => end(message || (code ?? 'unknown error')))
  request.on('close', () => end('the connection was closed before an answer'))
  request.on('response', read)
  if (signal.aborted) abort()
  else sendBody(request, bytes, { manner, timeout, onCut: end })

  function read(response: IncomingMessage): void {
    status = response.statusCode
    response.on('data', (chunk: Buffer) => {
      answer.push(chunk)
      size += chunk.length
      if (size >= MOST_ANSWER) end()
    })
    for (const event of ['end', 'error', 'close']) response.on(event, () => end())
  }

  function abort(): void {
    end('the simulator was closed')
  }

  /** The first call decides; further ones settle a settled promise, which does nothing. */
  function end(error?: string): void {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    request.destroy()
    const text = Buffer.concat(answer).toString('utf8', 0, MOST_ANSWER)
    resolve({ status, error: status === undefined ? error : undefined, answer: text })
  }
}

/** @param how - `onCut` is called when the first half of a body to cut is sent. */
function sendBody(
  request: ClientRequest,
  bytes: Buffer,
  how: { manner: Manner; timeout: number; onCut: (error: string) => void },
): void {
  const { manner, timeout, onCut } = how
  let drip: NodeJS.Timeout | undefined
  if (manner === 'whole') return void request.end(bytes)
  if (manner === 'slow') {
    request.once('close', () => clearTimeout(drip))
    return sendDrip(0)
  }
  request.write(bytes.subarray(0, bytes.length / 2), (error) => {
    if (!error) onCut('cut off in the middle of the body, on purpose')
  })

  function sendDrip(from: number): void {
    const to = from + Math.ceil(bytes.length / DRIPS)
    if (to >= bytes.length) return void request.end(bytes.subarray(from))
    request.write(bytes.subarray(from, to))
    drip = setTimeout(sendDrip, timeout / 5 / DRIPS, to)
  }
}
