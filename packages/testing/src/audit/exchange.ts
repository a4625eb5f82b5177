import { once } from 'node:events'
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { types } from 'node:util'
import { isLumaError, LumaError } from '@luma-callback/core'

/** One request, which may break rules that `fetch` enforces. */
export interface Exchange {
  /** Default: POST. */
  method?: string
  /** Several values are sent as several headers. */
  headers?: Readonly<Record<string, string | readonly string[]>>
  /** Parts are written one by one, with a short pause between them. */
  body?: string | Uint8Array | readonly (string | Uint8Array)[] | AsyncIterable<string | Uint8Array>
  /** The declared length, right or wrong; `'chunked'` declares none. Default: the length of the body. */
  length?: number | 'chunked'
  /** Added to the URL's own query. */
  query?: Readonly<Record<string, string>>
  /** Milliseconds. Default: the provider's 15 000. */
  timeout?: number
  /** Default: a new connection. */
  agent?: Agent
  signal?: AbortSignal
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  /** The first 64 KiB of the body. */
  text: string
  /** Milliseconds from the request's first byte to the answer's end. */
  duration: number
}

/** There was no answer; the message says why. */
export class NoAnswer extends LumaError {
  static {
    this.prototype.name = 'NoAnswer'
  }
  readonly code = 'ERR_LUMA_NO_ANSWER'
}

/** The provider's own timeout: https://docs.kie.ai/luma-api/generate-luma-modify-video-callbacks */
const PROVIDER_TIMEOUT = 15_000
const BETWEEN_PARTS = 20
const CUT_OFF = 'the connection was cut off'
const MOST_ANSWER_BYTES = 64 * 1024

/**
 * Sends a request and reads the answer. If the answer arrives before the body is sent, the rest is not sent.
 *
 * @throws NoAnswer if there is no answer in time, or if the connection ends without one.
 */
export async function exchange(target: string, options: Exchange): Promise<Answer> {
  const { timeout = PROVIDER_TIMEOUT } = options
  const startedAt = performance.now()
  const outgoing = open(target, options)
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeout} ms`)), timeout)
  try {
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
    // A write error is ignored: the answer may have arrived anyway, and if not, `once` rejects.
    write(outgoing, options.body).catch(() => {})
    const [incoming] = await answered
    const text = await readText(incoming)
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      text,
      duration: performance.now() - startedAt,
    }
  } catch (error) {
    throw new NoAnswer(reasonOf(error), { cause: error })
  } finally {
    clearTimeout(timer)
    // The agent reuses the connection.
    if (!options.agent) outgoing.destroy()
  }
}

/**
 * Gives the answer, or one with this status if the endpoint closed the connection. If it closes the connection while we still
 * send, its answer may be lost on the way, so the two cases look the same.
 */
export async function cutIsLike(status: number, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    if (!isLumaError(error, 'ERR_LUMA_NO_ANSWER') || !error.message.startsWith(CUT_OFF)) throw error
    return { status, headers: {}, text: '', duration: 0 }
  }
}

function open(target: string, { method = 'POST', headers = {}, body, length, query = {}, agent, signal }: Exchange) {
  const url = new URL(target)
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const outgoing = send(url, { method, agent: agent ?? false, signal })
  // A second error, such as a reset after the answer, does not matter.
  outgoing.on('error', () => {})
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value)
  if (length !== 'chunked' && body !== undefined) outgoing.setHeader('content-length', length ?? sizeOf(body))
  outgoing.flushHeaders()
  return outgoing
}

async function write(outgoing: ClientRequest, body: Exchange['body'] = []): Promise<void> {
  const isOnePart = typeof body === 'string' || types.isUint8Array(body)
  await pipeline(Readable.from(isOnePart ? [body] : Array.isArray(body) ? spaced(body) : body), outgoing)
}

async function* spaced<Part>(parts: readonly Part[]): AsyncGenerator<Part> {
  for (const part of parts) {
    yield part
    await sleep(BETWEEN_PARTS)
  }
}

function sizeOf(body: NonNullable<Exchange['body']>): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (types.isUint8Array(body)) return body.byteLength
  if (Symbol.asyncIterator in body) throw new TypeError('a body without an end needs a length')
  return body.reduce((sum, part) => sum + Buffer.byteLength(part), 0)
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= MOST_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MOST_ANSWER_BYTES).toString('utf8')
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED' || message === '') return `no connection (${code ?? 'refused'})`
  if (code === 'ECONNRESET' || code === 'EPIPE') return `${CUT_OFF} (${code})`
  return message
}
