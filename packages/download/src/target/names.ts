import { hash } from 'node:crypto'

/** Task ids that are used as they are. Every file system keeps these characters apart and gives them no special meaning. */
const PLAIN = /^[a-z0-9][a-z0-9_-]{0,79}$/
/** Windows treats these names as devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/

/**
 * The name of a task's file without its extension. Two tasks never have the same name, even on a file system that ignores case:
 * a task id that is not plain gets a dot and a digest, and plain ids have no dot.
 *
 * @param index - The index in `resultUrls`, from 0.
 */
export function nameOf(taskId: string, index: number): string {
  return `${safeName(taskId)}-${index + 1}`
}

/**
 * A name for the file at a URL: the readable part of its path, made safe, and a digest of the URL. The digest includes the
 * query, because the query may select the file. A new signed link to the same file therefore gets another name.
 */
export function nameOfUrl({ origin, pathname, search }: URL): string {
  const last =
    pathname
      .split('/')
      .at(-1)
      ?.replace(/\.[^.]*$/, '') ?? ''
  return withDigest(last, `${origin}${pathname}${search}`)
}

/** A safe and unique file name for any id. */
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
