import { systemClock, within } from '@luma-callback/core/internal'
import { PassThrough } from 'node:stream'
import { orAborted } from '../abort.ts'
import { targetError } from '../errors.ts'
import { sinkError, type Sink, type SinkMeta } from './sink.ts'
import type { Target } from './target.ts'

/** Bytes that are buffered for a slow sink. */
const BUFFER = 1024 ** 2
/** How long to wait for a sink to remove what it has stored, in milliseconds. */
const CLEANING = 2_000

/** A call of `sink.write`. */
interface Write {
  stream: PassThrough
  /** Resolves with the path that the sink gave, or rejects with its error. */
  stored: Promise<string | undefined>
  /** Makes the stream and the signal of the sink fail. */
  abandon(reason: unknown): void
}

/** Writes a file into a sink. The sink reads one stream, even if the download takes several attempts. */
export function targetOf(sink: Sink, name: string, signal: AbortSignal): Target {
  let current: Write | undefined
  /** The latest chunk. It is held back until the file is checked, so that the sink never sees the end of a wrong file. */
  let held: Buffer | undefined

  async function stop(reason: Error): Promise<void> {
    held = undefined
    const stopped = current
    current = undefined
    if (!stopped) return
    stopped.abandon(reason)
    const late = (): Error => targetError(`${name}: the sink does not end`)
    await within(() => stopped.stored, CLEANING, late, systemClock).catch(() => {})
  }

  return {
    kept: async () => undefined,
    async begin({ total }, { extension, type }) {
      await stop(targetError(`${name}: the download starts over`))
      current = startWrite(sink, { name: `${name}.${extension}`, contentType: type, total }, { name, signal })
    },
    write(chunk) {
      const previous = held
      held = chunk
      return previous && current && give(previous, current, { name, signal })
    },
    async finish() {
      if (!current) return undefined
      const { stream, stored } = current
      stream.end(held)
      const path = await orAborted(signal, () => stored)
      if (!stream.readableEnded) throw unread(name)
      current = held = undefined
      return path
    },
    keep: stop,
    discard: stop,
  }
}

/** The save that a sink works for; its name is for messages. */
interface Save {
  name: string
  signal: AbortSignal
}

function startWrite(sink: Sink, meta: Omit<SinkMeta, 'signal'>, { name, signal }: Save): Write {
  const stream = new PassThrough({ highWaterMark: BUFFER })
  const controller = new AbortController()
  // The sink gets the error from its reading. Without a listener here, an error would crash a sink that does not read.
  stream.on('error', () => {})
  const abandon = (reason: unknown): void => {
    controller.abort(reason)
    stream.destroy(reason as Error)
  }
  const abort = (): void => abandon(signal.reason)

  async function store(): Promise<string | undefined> {
    try {
      return (await sink.write(stream, { ...meta, signal: controller.signal })) ?? undefined
    } catch (error) {
      signal.throwIfAborted()
      throw sinkError(name, error)
    }
  }

  signal.addEventListener('abort', abort, { once: true })
  const stored = store().finally(() => signal.removeEventListener('abort', abort))
  stored.catch(() => {})
  return { stream, stored, abandon }
}

/** Passes a chunk to the sink. Resolves when the stream has room again. */
async function give(chunk: Buffer, { stream, stored }: Write, { name, signal }: Save): Promise<void> {
  if (stream.write(chunk)) return
  const [room, stopWaiting] = roomIn(stream)
  const ended = stored.then(() => Promise.reject(unread(name)))
  try {
    await Promise.race([room, ended])
  } finally {
    stopWaiting()
  }
  signal.throwIfAborted()
}

function unread(name: string): Error {
  return targetError(`${name}: the sink resolved before it had read the whole stream`)
}

/** `room` resolves when the stream takes more, or when it is closed. */
function roomIn(stream: PassThrough): [room: Promise<void>, stopWaiting: () => void] {
  let stopWaiting = (): void => {}
  const room = new Promise<void>((resolve) => {
    stream.once('drain', resolve)
    stream.once('close', resolve)
    stopWaiting = () => stream.off('drain', resolve).off('close', resolve)
  })
  return [room, stopWaiting]
}
