import { checkOptions, integer, nested, optional, text, type Rules } from '@luma-callback/core/internal'
import type { Checksums } from './checksums.ts'
import type { Source } from './target.ts'

/** The source of a part file, and the number of its durable bytes. */
interface Note extends Source {
  received: number
}

const RULES: Rules<Note> = {
  identity: text(),
  validator: optional(text()),
  total: optional(integer({ least: 0 })),
  checksums: nested<Required<Checksums>>({
    sha256: optional(text()),
    sha512: optional(text()),
    md5: optional(text()),
    crc32c: optional(text()),
  }),
  received: integer(),
}

/** Gives undefined if the text is not a valid note. The part file is then useless. */
export function readNote(json: string): Note | undefined {
  try {
    return checkOptions('note', JSON.parse(json), RULES)
  } catch {
    return undefined
  }
}
