/** The bytes asked for, both ends included; the whole; or something of which the file has nothing. */
export type Range = { start: number; end: number } | 'whole' | 'unsatisfiable'

/**
 * Reads a `Range` header of a file of this size, as RFC 9110 (section 14) has it. What is not one range of bytes is
 * ignored, as the RFC allows: several ranges, other units, and what cannot be understood.
 */
export function readRange(header: string | undefined, size: number): Range {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end }
}
