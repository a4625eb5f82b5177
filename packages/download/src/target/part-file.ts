import { constants, type Stats } from 'node:fs'
import { lstat, open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BlockWriter } from './block-writer.ts'
import { targetError } from '../errors.ts'
import { readNote } from './note.ts'
import { syncAll, syncData } from './sync.ts'
import type { Kept, Source } from './target.ts'

/** The size of a read, in bytes. */
const READ_SIZE = 1024 ** 2
/** Bytes between two syncs. A crash loses at most these. */
const SYNC_EVERY = 16 * 1024 ** 2
/** Does not follow a symbolic link at the path. Windows has no such flag. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

/**
 * An incomplete file under a temporary name. A note beside it has its source and its number of durable bytes. Writes run in the
 * background; a later call throws their errors.
 */
export class PartFile {
  readonly #path: string
  readonly #notePath: string
  readonly #isHeld: () => Promise<boolean>
  #handle: FileHandle | undefined
  #writer: BlockWriter | undefined
  #source: Source | undefined
  /** The durable bytes, as the note has them. */
  #durable = 0
  #noting: Promise<void> | undefined
  #error: Error | undefined

  /** @param isHeld - True while this process holds the lock of the file. */
  constructor(path: string, isHeld: () => Promise<boolean>) {
    this.#path = path
    this.#isHeld = isHeld
    this.#notePath = `${path}.json`
  }

  /** Opens the part file of an earlier run, truncated to its durable bytes. */
  async kept(): Promise<Kept | undefined> {
    const note = readNote(await readFile(this.#notePath, 'utf8').catch(() => ''))
    if (!note) return undefined
    const { received, ...source } = note
    const handle = await open(this.#path, constants.O_RDWR | NOFOLLOW).catch(() => undefined)
    const stats: Stats | undefined = await handle?.stat()
    if (!handle || !stats?.isFile() || stats.size < received) {
      await handle?.close()
      return undefined
    }
    await handle.truncate(received)
    this.#use(handle, received)
    this.#source = source
    return {
      source,
      received,
      chunks: () =>
        handle.createReadStream({ start: 0, end: received - 1, autoClose: false, highWaterMark: READ_SIZE }),
    }
  }

  async begin(source: Source): Promise<void> {
    await this.discard()
    const handle = await open(this.#path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NOFOLLOW)
    this.#use(handle, 0)
    this.#source = source
  }

  write(chunk: Buffer): Promise<void> | undefined {
    if (this.#error) throw this.#error
    const writer = this.#writer as BlockWriter
    this.#noteIfDue()
    return writer.write(chunk)
  }

  /** Makes the file durable and gives it its final name. */
  async finish(path: string): Promise<void> {
    await this.#writer?.flush()
    await this.#allNoted()
    if (this.#handle) await syncAll(this.#handle)
    await this.#assertOurs()
    await this.#close()
    await rename(this.#path, path)
    await syncDirectory(dirname(path))
    await this.#remove()
  }

  /** Closes the file so that `kept` finds all of its bytes later. */
  async keep(): Promise<void> {
    try {
      await this.#writer?.flush()
      await this.#allNoted()
      if (this.#writer) await this.#note(this.#writer.written)
    } finally {
      await this.#close()
    }
  }

  async discard(): Promise<void> {
    await this.#close()
    await this.#remove()
  }

  #use(handle: FileHandle, position: number): void {
    this.#handle = handle
    this.#writer = new BlockWriter(handle, position)
    this.#durable = position
    this.#error = undefined
  }

  #noteIfDue(): void {
    const received = this.#writer?.written
    if (this.#noting || this.#error || received === undefined || received - this.#durable < SYNC_EVERY) return
    this.#durable = received
    this.#noting = this.#note(received)
      .catch((error: unknown) => void (this.#error = error as Error))
      .then(() => {
        this.#noting = undefined
        // On a slow disk the next note may be due by now, and no further chunk may come to trigger it.
        this.#noteIfDue()
      })
  }

  async #allNoted(): Promise<void> {
    while (this.#noting) await this.#noting
  }

  /** Syncs the data first, then replaces the note atomically. So the note never claims bytes that are not durable. */
  async #note(received: number): Promise<void> {
    if (received === 0) return
    const temporary = `${this.#notePath}.new`
    if (this.#handle) await syncData(this.#handle)
    await this.#assertOurs()
    await rm(temporary, { force: true })
    await writeFile(temporary, JSON.stringify({ ...this.#source, received }), { flag: 'wx' })
    await rename(temporary, this.#notePath)
  }

  /** Waits for all writes, also failed ones, and closes the file. */
  async #close(): Promise<void> {
    await this.#writer?.flush().catch(() => {})
    await this.#allNoted()
    const handle = this.#handle
    this.#handle = this.#writer = undefined
    await handle?.close()
  }

  /**
   * Throws if another process has taken over. A process that was stopped for long may have lost the lock, and the part file at
   * this path may belong to another process. It must not be renamed, noted or removed then. Earlier writes of this process do no
   * harm: the other process resumes the same version of the file, which has the same bytes at the same places.
   */
  async #assertOurs(): Promise<void> {
    const ours = await this.#handle?.stat({ bigint: true })
    const there = ours && (await lstat(this.#path, { bigint: true }).catch(() => undefined))
    const isSame = ours === undefined || (there?.ino === ours.ino && there.dev === ours.dev)
    if (isSame && (await this.#isHeld())) return
    throw targetError(`${this.#path}: taken over by another process while this one was stopped`)
  }

  async #remove(): Promise<void> {
    await this.#assertOurs()
    // The note goes first: a part file without a note is never resumed.
    for (const path of [this.#notePath, `${this.#notePath}.new`, this.#path]) await rm(path, { force: true })
  }
}

/** Makes a new name durable. Windows cannot sync a directory. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(() => undefined)
  if (handle) await syncAll(handle).catch(() => {})
  await handle?.close()
}
