import { once } from 'node:events'
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { types } from 'node:util'
import { isLumaError, LumaError } from '@luma-callback/core'

/** One request, down to what `fetch` would not send. */
export interface Exchange {
  /** Default: POST. */
  method?: string
  /** A name with several values is sent as several headers. */
  headers?: Readonly<Record<string, string | readonly string[]>>
  /** Its parts are written one by one, with a moment between them. */
  body?: string | Uint8Array | readonly (string | Uint8Array)[] | AsyncIterable<string | Uint8Array>
  /** The length that is declared, true or not; `'chunked'` declares none. Default: the body's. */
  length?: number | 'chunked'
  /** Added to the URL's own query. */
  query?: Readonly<Record<string, string>>
  /** Milliseconds until it is given up. Default: the provider's 15 000. */
  timeout?: number
  /** Default: a connection of its own. */
  agent?: Agent
  signal?: AbortSignal
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  /** Its first 64 KiB. */
  text: string
  /** Milliseconds from the request's first byte to the answer's end. */
  duration: number
}

/** No answer came; the message says why. */
export class NoAnswer extends LumaError {
  static {
    this.prototype.name = 'NoAnswer'
  }
  readonly code = 'ERR_LUMA_NO_ANSWER'
}

/** What the provider grants: https://docs.kie.ai/luma-api/generate-luma-modify-video-callbacks */
const PROVIDER_TIMEOUT = 15_000
const BETWEEN_PARTS = 20
const CUT_OFF = 'the connection was cut off'
const MOST_ANSWER_BYTES = 64 * 1024

/**
 * Sends a request and reads the answer. An answer that comes before the body is sent ends the sending.
 *
 * @throws NoAnswer if none came in time, or the connection ended without one.
 */
export async function exchange(target: string, options: Exchange): Promise<Answer> {
  const { timeout = PROVIDER_TIMEOUT } = options
  const startedAt = performance.now()
  const outgoing = open(target, options)
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeout} ms`)), timeout)
  try {
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
    // An answer may be there although its server let nothing more in; what ends both is told to the waiting.
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
    // A connection that is to be used again is left to its agent.
    if (!options.agent) outgoing.destroy()
  }
}

/**
 * An answer, or one of this status if the endpoint cut the connection instead. Where it cuts while we still send, an
 * answer that it gave may be lost on the way, so that the two cannot be told apart.
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
  // A second failure, such as a reset after the answer, is nobody's business.
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
