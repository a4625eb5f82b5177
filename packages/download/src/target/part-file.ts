import { constants, type Stats } from 'node:fs'
import { lstat, open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BlockWriter } from './block-writer.ts'
import { targetError } from '../errors.ts'
import { readNote } from './note.ts'
import { syncAll, syncData } from './sync.ts'
import type { Kept, Source } from './target.ts'

/** Bytes that are read at once. */
const READ_SIZE = 1024 ** 2
/** Bytes after which what was written is made durable, so that a crash costs no more than these. */
const SYNC_EVERY = 16 * 1024 ** 2
/** A link that somebody put in its place is not followed. Windows does not know the flag. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

/**
 * A file that is not complete yet, under a name of its own, and beside it a note of what it is and how much of it is
 * durable. Writes go on while the next bytes are awaited; what fails there is thrown by a later call.
 */
export class PartFile {
  readonly #path: string
  readonly #notePath: string
  readonly #isHeld: () => Promise<boolean>
  #handle: FileHandle | undefined
  #writer: BlockWriter | undefined
  #source: Source | undefined
  /** Bytes of which the note speaks. */
  #durable = 0
  #noting: Promise<void> | undefined
  #error: Error | undefined

  /** @param isHeld - Whether nobody else works on it. */
  constructor(path: string, isHeld: () => Promise<boolean>) {
    this.#path = path
    this.#isHeld = isHeld
    this.#notePath = `${path}.json`
  }

  /** What an earlier run left, cut back to what is known to be durable. */
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

  /** Complete and durable under its last name, or an error. */
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

  /** Leaves it so that `kept` finds all of it again. */
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
        // A slow disk may have taken so long that the next one is due, and no chunk need come any more.
        this.#noteIfDue()
      })
  }

  async #allNoted(): Promise<void> {
    while (this.#noting) await this.#noting
  }

  /** The note comes after what it speaks of, and replaces the one before it in one step. */
  async #note(received: number): Promise<void> {
    if (received === 0) return
    const temporary = `${this.#notePath}.new`
    if (this.#handle) await syncData(this.#handle)
    await this.#assertOurs()
    await rm(temporary, { force: true })
    await writeFile(temporary, JSON.stringify({ ...this.#source, received }), { flag: 'wx' })
    await rename(temporary, this.#notePath)
  }

  /** Whatever happens: nothing of it is at work afterwards. */
  async #close(): Promise<void> {
    await this.#writer?.flush().catch(() => {})
    await this.#allNoted()
    const handle = this.#handle
    this.#handle = this.#writer = undefined
    await handle?.close()
  }

  /**
   * One who was stopped for long may have lost the lock, and then another's half file is at this path: it must not get
   * its last name, nor a note of ours, nor be removed. What it wrote before it asks does no harm: whoever went on with this
   * same file goes on with the same version of it, whose bytes are the same at the same place.
   */
  async #assertOurs(): Promise<void> {
    const ours = await this.#handle?.stat({ bigint: true })
    const there = ours && (await lstat(this.#path, { bigint: true }).catch(() => undefined))
    const isSame = ours === undefined || (there?.ino === ours.ino && there.dev === ours.dev)
    if (isSame && (await this.#isHeld())) return
    throw targetError(`${this.#path}: it was taken over by another process while this one did not run`)
  }

  async #remove(): Promise<void> {
    await this.#assertOurs()
    // The note first: without one, nobody takes the rest for more than it is.
    for (const path of [this.#notePath, `${this.#notePath}.new`, this.#path]) await rm(path, { force: true })
  }
}

/** A new name is durable when its directory is. Windows has no such thing. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(() => undefined)
  if (handle) await syncAll(handle).catch(() => {})
  await handle?.close()
}
