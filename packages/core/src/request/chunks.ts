/** Bytes below which a chunk takes more memory than it brings, and how many such in a row are put together. */
const SMALL = 1_024
const MOST_SMALL = 256

/** The bytes of a body as they come. */
export interface Chunks {
  add(bytes: Buffer): void
  /** Bytes. */
  length(): number
  joined(): Buffer
}

/** Keeps memory near the number of bytes, also of a body that comes byte by byte. */
export function createChunks(): Chunks {
  const chunks: Buffer[] = []
  let length = 0
  /** Small ones at the end. */
  let small = 0

  return {
    add(bytes) {
      length += bytes.length
      chunks.push(bytes)
      small = bytes.length < SMALL ? small + 1 : 0
      if (small < MOST_SMALL) return
      chunks.push(Buffer.concat(chunks.splice(-small)))
      small = 0
    },
    length: () => length,
    joined() {
      const [first] = chunks
      return first && chunks.length === 1 ? first : Buffer.concat(chunks)
    },
  }
}
