import type { Refusal } from '../errors/refusal.ts'
import { createChunks } from './chunks.ts'
import { aborted, invalid, timedOut, tooLarge } from './body-refusals.ts'
import type { Source } from './body-source.ts'
import type { Clock } from '../internal/clock.ts'
import type { Reading } from './reading.ts'

export interface BodyLimits {
  /** Bytes. */
  limit: number
  /** Milliseconds for the whole body: one byte now and then does not extend it. */
  timeout: number
  clock: Clock
  /** All bodies that are being read. */
  reading: Reading
}

/**
 * Reads a source to its end and gives what `finish` makes of the bytes. Settles once: on end, error, close, limit or
 * deadline, whichever comes first. It is one promise around the events, for each further one costs every request.
 */
export function collect(
  source: Source,
  { limit, timeout, clock, reading }: BodyLimits,
  finish: (bytes: Buffer) => string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks = createChunks()
    let outcome: 'open' | 'ended' | 'failed' = 'open'
    let stop: ((mayGoOn: boolean) => void) | undefined
    const read = reading.begin(fail)
    const timer = clock.setTimeout(() => fail(timedOut(timeout)), timeout)
    const hurry = source.isHasty ? setImmediate(end) : undefined

    function settle(as: 'ended' | 'failed'): boolean {
      if (outcome !== 'open') return false
      outcome = as
      clock.clearTimeout(timer)
      read.end()
      clearImmediate(hurry)
      stop?.(as === 'failed')
      return true
    }

    function fail(refusal: Refusal): void {
      if (settle('failed')) reject(refusal)
    }

    function end(): void {
      if (!settle('ended')) return
      try {
        resolve(finish(chunks.joined()))
      } catch (refusal) {
        reject(refusal)
      }
    }

    function chunk(given: unknown): void {
      if (outcome !== 'open') return
      const bytes = toBytes(given, source.encoding())
      if (!bytes) return fail(invalid('the stream of the body gives something other than bytes or text'))
      if (chunks.length() + bytes.length > limit) return fail(tooLarge(limit))
      chunks.add(bytes)
      read.add(bytes.length)
    }

    function broken(error?: unknown): void {
      fail(error === undefined ? aborted() : invalid('the body could not be read'))
    }

    try {
      stop = source.read({ chunk, end, fail: broken })
    } catch (error) {
      broken(error ?? new Error('the stream cannot be read'))
    }
    // A mock may have given everything while it was asked to listen.
    if (outcome !== 'open') stop?.(outcome === 'failed')
  })
}

function toBytes(chunk: unknown, encoding: BufferEncoding): Buffer | undefined {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding)
  return ArrayBuffer.isView(chunk) ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : undefined
}
