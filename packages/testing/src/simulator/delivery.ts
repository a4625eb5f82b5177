import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Manner } from './plan.ts'

export interface Outgoing {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
  manner: Manner
  /** Milliseconds until the receiver must have answered. */
  timeout: number
  /** Breaks the delivery off. */
  signal: AbortSignal
}

/** What came of a delivery: a status, or an error. */
export interface Result {
  status: number | undefined
  error: string | undefined
  /** The beginning of the answer's body. */
  answer: string
}

/** How much of an answer is read; the rest is not worth the wait. */
const MOST_ANSWER = 1_000
const DRIPS = 20

/**
 * Posts a callback, on a connection of its own, and follows no redirect. Never rejects. The status is what counts:
 * an answer that breaks off or does not end keeps the status that it began with.
 */
export function deliver({ url, headers, body, manner, timeout, signal }: Outgoing): Promise<Result> {
  const result = new Promise<Result>((resolve) => {
    const bytes = Buffer.from(body)
    const answer: Buffer[] = []
    let size = 0
    let status: number | undefined
    let drip: NodeJS.Timeout | undefined

    const send = url.startsWith('https:') ? requestHttps : requestHttp
    const request = send(url, {
      method: 'POST',
      // A kept connection that the receiver closes meanwhile would fail a delivery for which nobody is to blame.
      agent: false,
      headers: { ...headers, 'content-length': bytes.length },
    })
    const timer = setTimeout(() => end(`no answer within ${timeout} ms`), timeout)
    signal.addEventListener('abort', abort, { once: true })
    request.on('error', ({ message, code }: NodeJS.ErrnoException) => end(message || (code ?? 'unknown error')))
    request.on('close', () => end('the connection was closed before an answer'))
    request.on('response', read)
    if (signal.aborted) abort()
    else sendBody()

    function sendBody(): void {
      if (manner === 'whole') return void request.end(bytes)
      if (manner === 'slow') return sendDrip(0)
      request.write(bytes.subarray(0, bytes.length / 2), (error) => {
        if (!error) end('broken off in the middle of the body, on purpose')
      })
    }

    function sendDrip(from: number): void {
      const to = from + Math.ceil(bytes.length / DRIPS)
      if (to >= bytes.length) return void request.end(bytes.subarray(from))
      request.write(bytes.subarray(from, to))
      drip = setTimeout(sendDrip, timeout / 5 / DRIPS, to)
    }

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

    /** Whatever comes first decides; settling a promise again does nothing. */
    function end(error?: string): void {
      clearTimeout(timer)
      clearTimeout(drip)
      signal.removeEventListener('abort', abort)
      request.destroy()
      const text = Buffer.concat(answer).toString('utf8', 0, MOST_ANSWER)
      resolve({ status, error: status === undefined ? error : undefined, answer: text })
    }
  })
  // A URL whose user name cannot be decoded is one that Node throws at.
  return result.catch((error: unknown) => ({ status: undefined, error: String(error), answer: '' }))
}
