import { systemClock, toError, within } from '@luma-callback/core/internal'
import { PassThrough } from 'node:stream'
import { orAborted } from '../abort.ts'
import { targetError } from '../errors.ts'
import type { Found, Target } from './target.ts'

/** What a sink is told of what it is about to read. */
export interface SinkMeta {
  /** Of safe characters only, with the extension that the content asks for; the same for the same result. */
  name: string
  /** By the content: `video/mp4`, `video/quicktime`, `video/x-msvideo`, or `application/octet-stream`. */
  contentType: string
  /** Bytes; undefined where the server does not tell. */
  total: number | undefined
  /** Aborts when the stream fails: nothing of it may stay then. For what a sink does that is not reading. */
  signal: AbortSignal
}

/** Takes results elsewhere than into a directory. */
export interface Sink {
  /**
   * Reads all of the stream and resolves when it is safely stored, with where it is, if it likes. The stream ends only when
   * all has come and its checksums are right; if it fails instead, nothing of it may stay, and there are two seconds to see
   * to that. What failed after some of it was read starts again with another call.
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
/** Milliseconds that a sink is given to take away what it has stored, until nobody waits for it any more. */
const CLEANING = 2_000

interface Write {
  stream: PassThrough
  stored: Promise<string | undefined>
  abandon(reason: unknown): void
}

/** What a sink reads is one stream, however many attempts it takes to fetch it. */
export function targetOf(sink: Sink, name: string, signal: AbortSignal): Target {
  let current: Write | undefined
  /** The latest chunk: as long as it is not known that all are right, the last one is not given away. */
  let held: Buffer | undefined

  function start(meta: Omit<SinkMeta, 'signal'>): Write {
    const stream = new PassThrough({ highWaterMark: BUFFER })
    const controller = new AbortController()
    // Who reads it is told; and it may be told when nobody reads.
    stream.on('error', () => {})
    const abandon = (reason: unknown): void => {
      controller.abort(reason)
      stream.destroy(reason as Error)
    }
    const abort = (): void => abandon(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const stored = Promise.resolve()
      .then(() => sink.write(stream, { ...meta, signal: controller.signal }))
      .then((path) => path ?? undefined)
      .finally(() => signal.removeEventListener('abort', abort))
    stored.catch(() => {})
    return { stream, stored, abandon }
  }

  async function stop(reason: Error): Promise<void> {
    held = undefined
    const stopped = current
    current = undefined
    if (!stopped) return
    stopped.abandon(reason)
    const late = (): Error => targetError(`${name}: the sink does not end`)
    await within(() => stopped.stored, CLEANING, late, systemClock).catch(() => {})
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
      const path = await orAborted(signal, () => stored).catch(failed)
      if (!stream.readableEnded) throw unread()
      current = held = undefined
      return path
    },
    keep: stop,
    discard: stop,
  }

  async function ended(stored: Write['stored']): Promise<never> {
    await stored.catch(failed)
    throw unread()
  }

  function failed(error: unknown): never {
    signal.throwIfAborted()
    throw sinkError(name, error)
  }

  function unread(): Error {
    return targetError(`${name}: the sink was done before it had read all of it`)
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
  return targetError(`${name}: the sink did not take it: ${toError(error).message}`, { cause: error })
}
