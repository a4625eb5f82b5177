import { toError } from '@luma-callback/core/internal'
import { targetError } from '../errors.ts'
import type { SavedFile } from './target.ts'

/** Describes the stream that a sink is about to read. */
export interface SinkMeta {
  /** The file name: safe characters only, with the extension of the content. The same result always has the same name. */
  name: string
  /** From the content: `video/mp4`, `video/quicktime`, `video/x-msvideo`, or `application/octet-stream`. */
  contentType: string
  /** Bytes; undefined if the server does not say. */
  total: number | undefined
  /** Aborts when the stream fails, so that the sink can also stop work other than reading. Nothing may stay stored then. */
  signal: AbortSignal
}

/** Stores results in a place other than a directory. */
export interface Sink {
  /**
   * Reads the whole stream and resolves when it is safely stored, optionally with its path. The stream ends only after the file
   * is complete and its checksums are right. If the stream fails, the sink must remove what it has stored, within two seconds. If
   * the download starts over, `write` is called again with a new stream.
   */
  write(stream: NodeJS.ReadableStream, meta: SinkMeta): Promise<string | void>
  /** Finds a file that is stored under one of these names, so that it is not downloaded again. */
  find?(names: readonly string[]): Promise<SinkFound | undefined>
}

/** A file that a sink has stored. */
export interface SinkFound extends Pick<SavedFile, 'name' | 'bytes'> {
  path?: string | undefined
  /** Hexadecimal, if the sink knows it. */
  sha256?: string | undefined
}

export function sinkError(name: string, error: unknown): Error {
  return targetError(`${name}: the sink failed: ${toError(error).message}`, { cause: error })
}
