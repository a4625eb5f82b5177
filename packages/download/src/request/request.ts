import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connectionError, isDownloadError, refused, timeoutError } from '../errors.ts'
import { publicLookup } from '../guard/lookup.ts'
import { checkRedirect, showUrl, type UrlRules } from '../guard/url-rules.ts'

/** All in milliseconds. */
export interface Timeouts {
  /** Until the connection is made. */
  connect: number
  /** From the connection until the answer begins. */
  firstByte: number
  /** The longest time without a byte. */
  idle: number
  /** For a whole file, with all attempts and pauses. */
  total: number | undefined
}

export interface RequestSettings {
  rules: UrlRules
  timeouts: Timeouts
  signal: AbortSignal
}

const MOST_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Sends a request and follows redirects. Resolves with the answer, whose body is still unread. */
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
    // A new connection each time, because a kept one may lead to an old address of the name. Also no proxy from the
    // environment, because it would do its own lookup.
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
    // An unexpected 101. The request gives up its socket then, so its timeouts and its signal would not end it.
    outgoing.once('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer)
    })
    // Can fire more than once, also after the answer has begun. Then the body fails too.
    outgoing.on('error', (error) => reject(toDownloadError(error, shown, signal)))
    // Fires after every end. If the promise is settled already, this does nothing.
    outgoing.once('close', () => {
      reject(toDownloadError(connectionError(`${shown}: closed before an answer came`), shown, signal))
    })
  })
  outgoing.end()
  return answered.finally(() => clearTimeout(timer))
}

/**
 * Passes each chunk of a body to `take`, one at a time, until the body ends or is idle for too long. Uses events, because
 * iterating over the stream took a sixth of the time of a whole download.
 */
export async function readBody(
  answer: IncomingMessage,
  shown: string,
  { timeouts: { idle }, signal }: RequestSettings,
  take: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  /** Set while `take` works on a chunk. In that time the server is not idle. */
  let taking: Promise<void> | undefined
  const timer = setTimeout(late, idle)

  function late(): void {
    if (!taking) answer.destroy(timeoutError(`${shown}: no data for ${idle} ms`))
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
          // Chunks that are buffered already must not be passed on.
          answer.removeAllListeners('data')
          reject(error)
        }
      })
      // Can fire while `take` still works on the last chunk.
      answer.once('end', () => void Promise.resolve(taking).then(resolve, reject))
      answer.once('error', (error) => reject(toDownloadError(error, shown, signal)))
      answer.once('close', () => {
        if (!answer.readableEnded) reject(connectionError(`${shown}: the connection broke`))
      })
    })
  } finally {
    clearTimeout(timer)
    answer.destroy()
    // `take` may still write to the target. Wait for it: overlapping writes damage the file, and a file that is just being
    // opened would stay open.
    await taking?.catch(() => {})
  }
}

/** After an abort, gives the signal's reason. */
function toDownloadError(error: Error, shown: string, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason as Error
  if (isDownloadError(error)) return error
  return connectionError(`${shown}: ${error.message || (error as NodeJS.ErrnoException).code}`, { cause: error })
}
