import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { SimulatorSettings } from './options.ts'

/** The content of all result files. */
export interface Video {
  bytes: Buffer
  /** A strong one. */
  etag: string
}

/** The path is the same from `src` and from `dist`. */
const SAMPLE = new URL('../../assets/sample.mp4', import.meta.url)

export async function readVideo(): Promise<Video> {
  const bytes = await readFile(SAMPLE)
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"` }
}

/** A result file. */
export interface StoredFile {
  /** Unix milliseconds. */
  createdAt: number
  isUrlExpired: boolean
  isGone: boolean
  isTruncated: boolean
}

/** The result of looking up a path. */
export type FileLookup = { is: 'file'; file: StoredFile } | { is: 'expired' } | { is: 'missing' }

export interface Files {
  /** Stores a file under a name without extension, and gives its URL. */
  keep(name: string, file: StoredFile): string
  /** Makes a temporary link to the file of a result URL; `undefined` if there is no such file. */
  link(url: string): string | undefined
  find(path: string): FileLookup
}

export interface FilesOptions {
  /** The URL of the simulator, without a slash at the end. */
  base: string
  settings: SimulatorSettings
  /** Gives the name of the link of this number, counted from 1. */
  nameLink: (number: number) => string
}

/** The files are only entries of a map: a path never reaches the file system. */
export function createFiles({ base, settings, nameLink }: FilesOptions): Files {
  const files = new Map<string, StoredFile>()
  const links = new Map<string, { file: StoredFile; createdAt: number }>()

  function isGone({ isGone: wasNever, createdAt }: StoredFile): boolean {
    return wasNever || isOver(createdAt, settings.fileLifetime)
  }

  return {
    keep(name, file) {
      const path = `/l/${name}.mp4`
      files.set(path, file)
      return base + path
    },
    link(url) {
      const file = url.startsWith(base) ? files.get(url.slice(base.length)) : undefined
      if (!file || isGone(file)) return undefined
      const path = `/d/${nameLink(links.size + 1)}.mp4`
      links.set(path, { file, createdAt: Date.now() })
      return base + path
    },
    find(path) {
      const link = links.get(path)
      const file = link?.file ?? files.get(path)
      if (!file || isGone(file)) return { is: 'missing' }
      const isExpired = link ? isOver(link.createdAt, settings.linkLifetime) : file.isUrlExpired
      return isExpired ? { is: 'expired' } : { is: 'file', file }
    },
  }
}

function isOver(start: number, lifetime: number): boolean {
  return Date.now() >= start + lifetime
}
