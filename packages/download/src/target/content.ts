/** A kind of content, with its file extension and its media type. */
export interface Content {
  extension: string
  type: string
}

/** The number of first bytes that show the kind of content. */
export const HEAD = 12

const MP4: Content = { extension: 'mp4', type: 'video/mp4' }
const QUICKTIME: Content = { extension: 'mov', type: 'video/quicktime' }
const AVI: Content = { extension: 'avi', type: 'video/x-msvideo' }
/** Any other content. */
export const UNKNOWN: Content = { extension: 'bin', type: 'application/octet-stream' }

const ALL = [MP4, QUICKTIME, AVI, UNKNOWN]
/** Every extension that a saved file can have. */
export const EXTENSIONS: readonly string[] = ALL.map(({ extension }) => extension)

/** The media type for a file name that we gave. */
export function contentTypeOf(name: string): string {
  return (ALL.find(({ extension }) => name.endsWith(`.${extension}`)) ?? UNKNOWN).type
}

/**
 * Gives the kind of video from its first bytes, or undefined. The server's file name and type are not trusted. MP4 and MOV
 * have the file type box of ISO/IEC 14496-12; AVI has a RIFF header.
 */
export function contentOf(head: Buffer): Content | undefined {
  const text = head.toString('latin1')
  if (text.slice(4, 8) === 'ftyp') return text.slice(8, 12) === 'qt  ' ? QUICKTIME : MP4
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'AVI ') return AVI
  return undefined
}
