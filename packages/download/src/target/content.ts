/** What a file begins with, and the name and type that it gets for it. */
export interface Content {
  extension: string
  type: string
}

/** Bytes of the beginning that tell. */
export const HEAD = 12

const MP4: Content = { extension: 'mp4', type: 'video/mp4' }
const QUICKTIME: Content = { extension: 'mov', type: 'video/quicktime' }
const AVI: Content = { extension: 'avi', type: 'video/x-msvideo' }
/** What is told nothing by its beginning. */
export const UNKNOWN: Content = { extension: 'bin', type: 'application/octet-stream' }

const ALL = [MP4, QUICKTIME, AVI, UNKNOWN]
/** Every extension that a saved file can have. */
export const EXTENSIONS: readonly string[] = ALL.map(({ extension }) => extension)

/** The type of a file that we named. */
export function contentTypeOf(name: string): string {
  return (ALL.find(({ extension }) => name.endsWith(`.${extension}`)) ?? UNKNOWN).type
}

/**
 * The kind of video that begins so, or undefined. Never by the name or the type that the server gives: both are what a
 * stranger says. By the file type box of ISO/IEC 14496-12 for MP4 and MOV, and by RIFF for AVI.
 */
export function contentOf(head: Buffer): Content | undefined {
  const text = head.toString('latin1')
  if (text.slice(4, 8) === 'ftyp') return text.slice(8, 12) === 'qt  ' ? QUICKTIME : MP4
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'AVI ') return AVI
  return undefined
}
