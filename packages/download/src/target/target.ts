import type { Checksums } from './checksums.ts'
import type { Content } from './content.ts'

/** The file at the other end, as its first answer described it. What is appended later must be of the same. */
export interface Source {
  /** A digest of where it is, without the query, which a fresh link may change. */
  identity: string
  /** A strong ETag, or else the time of its last change, by which the server tells whether it is still the same. */
  validator: string | undefined
  /** Bytes. */
  total: number | undefined
  checksums: Checksums
}

/** What an earlier attempt left. */
export interface Kept {
  source: Source
  /** Bytes, from the first one on. */
  received: number
  /** They are read once more, for their digest. */
  chunks(): AsyncIterable<Buffer>
}

/** Where the bytes of one file go, in order: a part file, or what a sink reads. */
export interface Target {
  kept(): Promise<Kept | undefined>
  /** A file starts at its first byte; what came before it, if anything did, is void. */
  begin(source: Source, content: Content): Promise<void>
  write(chunk: Buffer): Promise<void> | undefined
  /** All is there and right. Gives where it is now. */
  finish(content: Content): Promise<string | undefined>
  /** It goes no further now, but may later. */
  keep(error: Error): Promise<void>
  discard(error: Error): Promise<void>
}

/** A file that was saved before. */
export interface Found {
  path: string | undefined
  bytes: number
  sha256: string | undefined
  contentType: string
  name: string
}
