import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connectionError, isDownloadError, refused, timeoutError } from '../errors.ts'
import { publicLookup } from '../guard/lookup.ts'
import { checkRedirect, showUrl, type UrlRules } from '../guard/url-rules.ts'

/** Milliseconds. */
export interface Timeouts {
  /** Until the connection stands. */
  connect: number
  /** From there until the answer begins. */
  firstByte: number
  /** Without a byte. */
  idle: number
  /** For a whole file, all attempts and pauses included. */
  total: number | undefined
}

export interface RequestSettings {
  rules: UrlRules
  timeouts: Timeouts
  signal: AbortSignal
}

const MOST_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** An answer whose body has not been read, from wherever the redirects led. */
export async function request(
  from: URL,
  headers: Readonly<Record<string, string>>,
  settings: RequestSettings,
): Promise<IncomingMessage> {
  let url = from
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await ask(url, headers, settings)
    if (!REDIRECTS.has(answer.statusCode ?? 0)) return answer
    answer.destroy()
    url = checkRedirect(answer.headers.location, url, settings.rules)
  }
  throw refused(`${showUrl(from)}: more than ${MOST_REDIRECTS} redirects`)
}

function ask(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { rules, timeouts, signal }: RequestSettings,
): Promise<IncomingMessage> {
  const shown = showUrl(url)
  const isSecure = url.protocol === 'https:'
  const options: RequestOptions = {
    // A connection of its own: one that was kept could lead elsewhere than where the name leads now; and no proxy of
    // the environment, which would look names up itself.
    agent: false,
    headers: { ...headers, 'accept-encoding': 'identity' },
    signal,
    ...(!rules.allowPrivate && { lookup: publicLookup }),
  }
  const outgoing = (isSecure ? httpsRequest : httpRequest)(url, options)
  const late = (message: string): void => void outgoing.destroy(timeoutError(message))
  let timer = setTimeout(late, timeouts.connect, `${shown}: no connection within ${timeouts.connect} ms`)
  outgoing.once('socket', (socket) => {
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      timer = setTimeout(late, timeouts.firstByte, `${shown}: no answer within ${timeouts.firstByte} ms`)
    })
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    // 101, which nobody asked for: the connection is out of the request's hands then, and so of its timeouts and signal.
    outgoing.once('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer)
    })
    // It may come more than once, and after the answer has begun: then the body tells of it.
    outgoing.on('error', (error) => reject(toDownloadError(error, shown, signal)))
    // However it ends, it ends so; what was settled before stays.
    outgoing.once('close', () => {
      reject(toDownloadError(connectionError(`${shown}: closed before an answer came`), shown, signal))
    })
  })
  outgoing.end()
  return answered.finally(() => clearTimeout(timer))
}

/**
 * Hands over the chunks of a body, one after the other, as long as they keep coming. By events: iterating over a stream
 * took a sixth of the time of a whole download.
 */
export async function readBody(
  answer: IncomingMessage,
  shown: string,
  { timeouts: { idle }, signal }: RequestSettings,
  take: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  /** The chunk that is being taken. As long as we are the slow ones, the server is not blamed. */
  let taking: Promise<void> | undefined
  const timer = setTimeout(late, idle)

  function late(): void {
    if (!taking) answer.destroy(timeoutError(`${shown}: nothing came for ${idle} ms`))
  }

  async function hold(pending: Promise<void>): Promise<void> {
    taking = pending
    answer.pause()
    await pending
    taking = undefined
    timer.refresh()
    answer.resume()
  }

  try {
    await new Promise<void>((resolve, reject) => {
      answer.on('data', (chunk: Buffer) => {
        timer.refresh()
        try {
          const pending = take(chunk)
          if (pending) hold(pending).catch(reject)
        } catch (error) {
          // Of what has come already, no more is handed over.
          answer.removeAllListeners('data')
          reject(error)
        }
      })
      // It may be told while the last chunk is still being taken.
      answer.once('end', () => void Promise.resolve(taking).then(resolve, reject))
      answer.once('error', (error) => reject(toDownloadError(error, shown, signal)))
      answer.once('close', () => {
        if (!answer.readableEnded) reject(connectionError(`${shown}: the connection was cut`))
      })
    })
  } finally {
    clearTimeout(timer)
    answer.destroy()
    // A chunk that is being taken is at work on the target. Whatever comes next, the target must be at rest: writes that
    // overlap damage the file, and a file that is only being opened would be left open.
    await taking?.catch(() => {})
  }
}

/** What was aborted keeps its reason. */
function toDownloadError(error: Error, shown: string, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason as Error
  if (isDownloadError(error)) return error
  return connectionError(`${shown}: ${error.message || (error as NodeJS.ErrnoException).code}`, { cause: error })
}
