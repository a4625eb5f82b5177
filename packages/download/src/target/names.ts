import { hash } from 'node:crypto'

/** Characters of a task id that are kept as they are: of them no file system takes two for one, and none has a meaning. */
const PLAIN = /^[a-z0-9][a-z0-9_-]{0,79}$/
/** Windows takes these for devices, whatever comes after a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/

/**
 * The name of a task's file without its extension. Two tasks never have the same, also where capitals do not count: what
 * is not plain gets a digest behind a dot, which plain ids have not.
 *
 * @param index - Counted from 0, as in `resultUrls`.
 */
export function nameOf(taskId: string, index: number): string {
  return `${safeName(taskId)}-${index + 1}`
}

/**
 * A name for the file at a URL: what one would call it, made safe, and a digest, for two may be called the same. The query
 * counts, for it may be what tells one file from another; of a link that was signed anew, nobody can know that by the link.
 */
export function nameOfUrl({ origin, pathname, search }: URL): string {
  const last =
    pathname
      .split('/')
      .at(-1)
      ?.replace(/\.[^.]*$/, '') ?? ''
  return withDigest(last, `${origin}${pathname}${search}`)
}

/** A name that is a file's own, whatever it is made from. */
export function safeName(id: string): string {
  return PLAIN.test(id) && !DEVICE.test(id) ? id : withDigest(id, id)
}

function withDigest(readable: string, whole: string): string {
  const kept = readable
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  const digest = hash('sha256', whole, 'hex').slice(0, 16)
  return `${kept === '' || DEVICE.test(kept) ? `file${kept}` : kept}.${digest}`
}
