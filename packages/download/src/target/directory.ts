import { createReadStream, type Stats } from 'node:fs'
import { lstat, mkdir, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createDigester } from './checksums.ts'
import { contentOf, EXTENSIONS, HEAD, UNKNOWN, type Content } from './content.ts'
import { isDownloadError, notAFile, targetError } from '../errors.ts'
import { lock } from '../lock/lock.ts'
import { PartFile } from './part-file.ts'
import type { SavedFile, Target } from './target.ts'

/** The place of one file in a directory. It is locked against others until `leave`. */
export interface Place {
  /** Finds a file with this name and one of our extensions, if possible with this SHA-256. */
  find(sha256: string | undefined, signal: AbortSignal): Promise<SavedFile | undefined>
  target: Target
  leave(): Promise<void>
}

/** @throws DownloadError (`ERR_LUMA_DOWNLOAD_TARGET`) if the directory cannot be created or written to. */
export async function enterDirectory(directory: string, name: string, signal: AbortSignal): Promise<Place> {
  const root = resolve(directory)
  const hidden = resolve(root, `.${name}.part`)
  const { isHeld, leave } = await onDisk(root, async () => {
    await mkdir(root, { recursive: true })
    return lock(`${hidden}.lock`, signal)
  })
  return {
    find: (sha256, until) => onDisk(root, () => find(root, name, { sha256, signal: until })),
    target: targetIn(root, name, new PartFile(hidden, isHeld)),
    leave: () => onDisk(root, leave),
  }
}

function targetIn(root: string, name: string, part: PartFile): Target {
  const pathOf = ({ extension }: Content): string => resolve(root, `${name}.${extension}`)
  return {
    kept: () => onDisk(root, () => part.kept()),
    begin: (source) => onDisk(root, () => part.begin(source)),
    write(chunk) {
      try {
        const writing = part.write(chunk)
        return writing && onDisk(root, () => writing)
      } catch (error) {
        throw explained(root, error)
      }
    },
    async finish(content) {
      const path = pathOf(content)
      await onDisk(root, () => part.finish(path))
      return path
    },
    keep: () => onDisk(root, () => part.keep()),
    discard: () => onDisk(root, () => part.discard()),
  }
}

async function find(
  root: string,
  name: string,
  asked: { sha256: string | undefined; signal: AbortSignal },
): Promise<SavedFile | undefined> {
  let other: SavedFile | undefined
  for (const extension of EXTENSIONS) {
    const path = resolve(root, `${name}.${extension}`)
    const stats: Stats | undefined = await lstat(path).catch(() => undefined)
    if (!stats) continue
    if (!stats.isFile()) throw notAFile(path)
    const [sha256, content] = await read(path, asked.signal)
    const found = { path, name: `${name}.${extension}`, bytes: stats.size, sha256, contentType: content.type }
    if (asked.sha256 === undefined || sha256 === asked.sha256) return found
    // A file with the right SHA-256 may have another extension.
    other ??= found
  }
  return other
}

async function read(path: string, signal: AbortSignal): Promise<[sha256: string, Content]> {
  const digester = createDigester({})
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 ** 2 })) {
    // If the stream got the signal, it would fail with its own error instead of the signal's reason.
    signal.throwIfAborted()
    digester.update(chunk as Buffer)
  }
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    return [digester.finish({}, path), contentOf(buffer.subarray(0, bytesRead)) ?? UNKNOWN]
  } finally {
    await handle.close()
  }
}

/** Adds the directory to an error of the system, such as a full disk or a missing permission. */
async function onDisk<Result>(root: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw explained(root, error)
  }
}

/** An error of a file operation has a `syscall`. Its class is no help: in Jest it belongs to another realm. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error
}

function explained(root: string, error: unknown): unknown {
  // The reason of an abort may be any value, even null.
  if (isDownloadError(error) || !isSystemError(error)) return error
  return targetError(`cannot save into ${root}: ${error.message}`, { cause: error })
}
