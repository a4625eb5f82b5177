import type { FileHandle } from 'node:fs/promises'

/** The size of a write, in bytes. */
const BLOCK = 1024 ** 2

/**
 * Writes a file from front to back in large blocks. While one block is written, the next one fills. Chunks are copied into two
 * fixed blocks, so that the memory is the same for any file size and the garbage collector frees chunks early.
 *
 * It takes one chunk at a time. Otherwise the rest of a chunk that waits for a block would be written after the next chunk, and
 * two writes would go to the same place of the file. A chunk that comes too early is refused.
 */
export class BlockWriter {
  /** Bytes that are written to the file, counted from its start. */
  written: number
  readonly #handle: FileHandle
  #filling: Buffer = Buffer.allocUnsafe(BLOCK)
  #free: Buffer = Buffer.allocUnsafe(BLOCK)
  #size = 0
  /** Set while the rest of a chunk waits for a block. */
  #taking: Promise<void> | undefined
  #writing: Promise<void> | undefined
  #error: Error | undefined

  constructor(handle: FileHandle, position: number) {
    this.#handle = handle
    this.written = position
  }

  /** Takes a chunk, at once or when the promise resolves. Throws the error of an earlier write. */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.#taking) throw new Error('a chunk arrived while the last one was still being taken')
    const taking = this.#take(chunk)
    if (!taking) return undefined
    this.#taking = taking.finally(() => (this.#taking = undefined))
    return this.#taking
  }

  /** Resolves when all bytes are written to the file. */
  async flush(): Promise<void> {
    // The caller of `write` gets this error.
    await this.#taking?.catch(() => {})
    await this.#writing
    if (this.#size > 0 && !this.#error) this.#start()
    await this.#writing
    if (this.#error) throw this.#error
  }

  #take(chunk: Buffer): Promise<void> | undefined {
    if (this.#error) throw this.#error
    const taken = chunk.copy(this.#filling, this.#size)
    this.#size += taken
    if (this.#size < BLOCK) return undefined
    const rest = chunk.subarray(taken)
    if (this.#writing) return this.#writing.then(() => this.#next(rest))
    return this.#next(rest)
  }

  #next(rest: Buffer): Promise<void> | undefined {
    if (this.#error) throw this.#error
    this.#start()
    return rest.length > 0 ? this.#take(rest) : undefined
  }

  #start(): void {
    const block = this.#filling.subarray(0, this.#size)
    ;[this.#filling, this.#free] = [this.#free, this.#filling]
    this.#size = 0
    this.#writing = this.#put(block).then(
      () => void (this.#writing = undefined),
      (error: Error) => {
        this.#writing = undefined
        this.#error = error
      },
    )
  }

  /** A write may take only a part of a block, as on a disk that is nearly full. The next write then gives the error. */
  async #put(block: Buffer): Promise<void> {
    for (let done = 0; done < block.length;) {
      const { bytesWritten } = await this.#handle.write(block, done, block.length - done, this.written)
      done += bytesWritten
      this.written += bytesWritten
    }
  }
}
