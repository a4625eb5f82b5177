import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { SimulatorSettings } from './options.ts'

/** What all result files hold. */
export interface Video {
  bytes: Buffer
  /** A strong one. */
  etag: string
}

/** The same from `src` and from `dist`, which are as deep. */
const SAMPLE = new URL('../../assets/sample.mp4', import.meta.url)

export async function readVideo(): Promise<Video> {
  const bytes = await readFile(SAMPLE)
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"` }
}

/** A result file, as one of its addresses leads to it. */
export interface StoredFile {
  /** Unix milliseconds. */
  createdAt: number
  isUrlExpired: boolean
  isGone: boolean
  isTruncated: boolean
}

export type FileLookup = { is: 'file'; file: StoredFile } | { is: 'expired' } | { is: 'missing' }

export interface Files {
  /** Keeps a file under a name without extension; gives its URL. */
  keep(name: string, file: StoredFile): string
  /** Another address of the file behind a result URL, which lives for a while; `undefined` if there is no such file. */
  link(url: string): string | undefined
  /** What there is at a path. */
  find(path: string): FileLookup
}

export interface FilesOptions {
  /** Where the simulator answers, without a slash at the end. */
  base: string
  settings: SimulatorSettings
  /** Gives the name of the link of this number, counted from 1. */
  nameLink: (number: number) => string
}

/** Paths are looked up as they are and never become names of the file system. */
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
