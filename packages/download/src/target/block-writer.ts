import type { FileHandle } from 'node:fs/promises'

/** Bytes that are gathered before they are written. */
const BLOCK = 1024 ** 2

/**
 * Writes a file from front to back in large blocks; while one is written, the next fills. Chunks are copied into two
 * blocks that stay, so that memory is the same for any size and chunks die young.
 *
 * One chunk at a time: the rest of one that waits for a block would land behind what came after it, and two writes would
 * go to the same place of the file. A chunk that comes too early is refused.
 */
export class BlockWriter {
  /** Bytes that the file has taken, from its first one on. */
  written: number
  readonly #handle: FileHandle
  #filling: Buffer = Buffer.allocUnsafe(BLOCK)
  #free: Buffer = Buffer.allocUnsafe(BLOCK)
  #size = 0
  /** A chunk of which a rest waits for a block. */
  #taking: Promise<void> | undefined
  #writing: Promise<void> | undefined
  #error: Error | undefined

  constructor(handle: FileHandle, position: number) {
    this.#handle = handle
    this.written = position
  }

  /** Takes a chunk at once, or when the promise resolves. What failed meanwhile is thrown here. */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.#taking) throw new Error('a chunk came before the one before it was taken')
    const taking = this.#take(chunk)
    if (!taking) return undefined
    this.#taking = taking.finally(() => (this.#taking = undefined))
    return this.#taking
  }

  /** Resolves when the file has taken all. */
  async flush(): Promise<void> {
    // Whoever gave the chunk is told if it fails.
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

  /** A write may take less than it was given, as on a disk that is nearly full: the next one then says why. */
  async #put(block: Buffer): Promise<void> {
    for (let done = 0; done < block.length;) {
      const { bytesWritten } = await this.#handle.write(block, done, block.length - done, this.written)
      done += bytesWritten
      this.written += bytesWritten
    }
  }
}
