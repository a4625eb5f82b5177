import type { Checksums } from './checksums.ts'
import type { Content } from './content.ts'

/** The file on the server, as the first answer described it. Later attempts append only bytes of the same version. */
export interface Source {
  /** A digest of the URL without its query, which a new link may change. */
  identity: string
  /** A strong ETag, or else the time of the last change. By it the server knows if the file is still the same. */
  validator: string | undefined
  /** Bytes. */
  total: number | undefined
  checksums: Checksums
}

/** The bytes that an earlier run left. */
export interface Kept {
  source: Source
  /** The number of bytes, from the start of the file. */
  received: number
  /** Reads them again, to compute their digest. */
  chunks(): AsyncIterable<Buffer>
}

/** Receives the bytes of one file, in order: a part file, or the stream of a sink. */
export interface Target {
  kept(): Promise<Kept | undefined>
  /** Starts the file at its first byte, and drops earlier bytes. */
  begin(source: Source, content: Content): Promise<void>
  write(chunk: Buffer): Promise<void> | undefined
  /** Called when the file is complete and checked. Gives its path. */
  finish(content: Content): Promise<string | undefined>
  /** Stops for now, so that a later run can resume. */
  keep(error: Error): Promise<void>
  discard(error: Error): Promise<void>
}

/** A file that was saved before. */
export interface SavedFile {
  path: string | undefined
  bytes: number
  sha256: string | undefined
  contentType: string
  name: string
}
