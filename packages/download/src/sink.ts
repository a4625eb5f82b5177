import { PassThrough } from 'node:stream'
import type { Found } from './directory.ts'
import { targetError } from './errors.ts'
import type { Target } from './target.ts'

/** What a sink is told of what it is about to read. */
export interface SinkMeta {
  /** Of safe characters only, with the extension that the content asks for; the same for the same result. */
  name: string
  /** By the content: `video/mp4`, `video/quicktime`, `video/x-msvideo`, or `application/octet-stream`. */
  contentType: string
  /** Bytes; undefined where the server does not tell. */
  total: number | undefined
}

/** Takes results elsewhere than into a directory. */
export interface Sink {
  /**
   * Reads all of the stream and resolves when it is safely stored, with where it is, if it likes. The stream ends only when
   * all has come and its checksums are right; if it fails instead, nothing of it may stay. What failed after some of it was
   * read starts again with another call.
   */
  write(stream: NodeJS.ReadableStream, meta: SinkMeta): Promise<string | void>
  /** What it has already under one of these names, so that it is not fetched again. */
  find?(names: readonly string[]): Promise<SinkFound | undefined>
}

/** Something that a sink has. */
export interface SinkFound extends Pick<Found, 'name' | 'bytes'> {
  path?: string | undefined
  /** Hexadecimal, if it knows. */
  sha256?: string | undefined
}

/** Bytes that wait for a slow sink. */
const BUFFER = 1024 ** 2

interface Write {
  stream: PassThrough
  stored: Promise<string | undefined>
}

/** What a sink reads is one stream, however many attempts it takes to fetch it. */
export function targetOf(sink: Sink, name: string, signal: AbortSignal): Target {
  let current: Write | undefined
  /** The latest chunk: as long as it is not known that all are right, the last one is not given away. */
  let held: Buffer | undefined

  function start(meta: SinkMeta): Write {
    const stream = new PassThrough({ highWaterMark: BUFFER })
    // Who reads it is told; and it may be told when nobody reads.
    stream.on('error', () => {})
    const abort = (): void => void stream.destroy(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    const stored = Promise.resolve()
      .then(() => sink.write(stream, meta))
      .then((path) => path ?? undefined)
      .finally(() => signal.removeEventListener('abort', abort))
    stored.catch(() => {})
    return { stream, stored }
  }

  async function stop(reason: Error): Promise<void> {
    held = undefined
    const stopped = current
    current = undefined
    if (!stopped) return
    stopped.stream.destroy(reason)
    await stopped.stored.catch(() => {})
  }

  /** Resolves when there is room again. */
  async function give(chunk: Buffer, { stream, stored }: Write): Promise<void> {
    if (stream.write(chunk)) return
    const [room, stopWaiting] = roomIn(stream)
    try {
      await Promise.race([room, ended(stored)])
    } finally {
      stopWaiting()
    }
    signal.throwIfAborted()
  }

  return {
    kept: async () => undefined,
    async begin({ total }, { extension, type }) {
      await stop(targetError(`${name}: it has to start over`))
      current = start({ name: `${name}.${extension}`, contentType: type, total })
    },
    write(chunk) {
      const previous = held
      held = chunk
      return previous && current && give(previous, current)
    },
    async finish() {
      if (!current) return undefined
      const { stream, stored } = current
      stream.end(held)
      try {
        return await stored
      } catch (error) {
        signal.throwIfAborted()
        throw sinkError(name, error)
      } finally {
        current = held = undefined
      }
    },
    keep: stop,
    discard: stop,
  }

  async function ended(stored: Write['stored']): Promise<void> {
    try {
      await stored
    } catch (error) {
      signal.throwIfAborted()
      throw sinkError(name, error)
    }
    throw targetError(`${name}: the sink was done before it had read all of it`)
  }
}

/** Resolves when a stream takes more, or never will. */
function roomIn(stream: PassThrough): [room: Promise<void>, stopWaiting: () => void] {
  let stopWaiting = (): void => {}
  const room = new Promise<void>((resolve) => {
    stream.once('drain', resolve)
    stream.once('close', resolve)
    stopWaiting = () => stream.off('drain', resolve).off('close', resolve)
  })
  return [room, stopWaiting]
}

export function sinkError(name: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  return targetError(`${name}: the sink did not take it: ${message}`, { cause: error })
}
